import { expect, test } from 'vitest';
import { figuresOf } from './figures.ts';

test('percentiles are samples that were measured, by nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(figuresOf(values)).toEqual({ n: 100, p50: 50, p95: 95, p99: 99, min: 1, max: 100 });
});

test('one sample is every percentile', () => {
  expect(figuresOf([7])).toEqual({ n: 1, p50: 7, p95: 7, p99: 7, min: 7, max: 7 });
});
