import type { AllocationId, LogLine } from '@cloudless/proto';
import { expect, test } from 'vitest';
import { addGap, addLines, EMPTY_BUFFER, filterEntries, MAX_LINES, parseAnsi, stripAnsi } from './log-buffer.ts';

const lineOf = (cursor: number, text = `line ${cursor}`, allocation = 'alloc_a', stream: LogLine['stream'] = 'stdout'): LogLine => ({
  allocationId: allocation as AllocationId,
  cursor: String(cursor).padStart(6, '0'),
  at: cursor,
  stream,
  text,
});

test('a line that a resumed stream repeats is shown once', () => {
  const once = addLines(EMPTY_BUFFER, [lineOf(1), lineOf(2)]);
  const twice = addLines(once, [lineOf(2), lineOf(3), lineOf(1, 'of another', 'alloc_b')]);
  expect(twice.entries.map((entry) => entry.key)).toEqual(['alloc_a 000001', 'alloc_a 000002', 'alloc_a 000003', 'alloc_b 000001']);
});

test('the buffer keeps the newest and counts all', () => {
  const buffer = addLines(
    EMPTY_BUFFER,
    Array.from({ length: MAX_LINES + 5 }, (_, index) => lineOf(index + 1)),
  );
  expect([buffer.entries.length, buffer.total]).toEqual([MAX_LINES, MAX_LINES + 5]);
});

test('a filter hides lines and never a gap', () => {
  const buffer = addGap(addLines(EMPTY_BUFFER, [lineOf(1, 'GET /'), lineOf(2, 'oops', 'alloc_a', 'stderr')]), 'alloc_a', 'away');
  expect(filterEntries(buffer.entries, { text: 'get', stream: 'all' })).toHaveLength(2);
  expect(filterEntries(buffer.entries, { text: '', stream: 'stderr' })).toHaveLength(2);
});

test('colours become spans and other control codes vanish', () => {
  const text = '\u001B[31;1mred\u001B[0m plain\u001B[2K';
  expect(parseAnsi(text)).toEqual([
    { text: 'red', colour: 1, bold: true },
    { text: ' plain', colour: undefined, bold: false },
  ]);
  expect(stripAnsi(text)).toBe('red plain');
});
