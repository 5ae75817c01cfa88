import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatMillicores } from './quantities.ts';

describe('quantities', () => {
  it('round bytes down, so that what is promised to fit does', () => {
    expect([0, 1023, 1024, 1.29 * 2 ** 30, 2 ** 40].map(formatBytes)).toEqual(['0 bytes', '1023 bytes', '1 KiB', '1.2 GiB', '1024 GiB']);
  });

  it('say whole cores as cores', () => {
    expect([0, 300, 1000, 1500, 2000].map(formatMillicores)).toEqual([
      '0 millicores',
      '300 millicores',
      '1 core',
      '1500 millicores',
      '2 cores',
    ]);
  });

  it('say durations in the unit that a person would', () => {
    expect([-5, 900, 4000, 89_999, 120_000].map(formatDuration)).toEqual(['0 ms', '900 ms', '4 s', '90 s', '2 min']);
  });
});
