import { describe, expect, it } from 'vitest';
import { formatBytes, formatCores, formatShare } from './quantities.ts';
import { regionalLocale } from './regional.ts';
import { formatAgo, formatDuration, formatInstant, formatTimeOfDay } from './times.ts';

describe('quantities', () => {
  it('name bytes in the largest unit that they fill', () => {
    expect(formatBytes(0, 'en')).toBe('0 B');
    expect(formatBytes(1023, 'en')).toBe('1,023 B');
    expect(formatBytes(1024, 'en')).toBe('1 KiB');
    expect(formatBytes(1.5 * 2 ** 30, 'en')).toBe('1.5 GiB');
    expect(formatBytes(2 ** 60, 'en')).toBe('1,024 PiB');
  });
  it('follow the language', () => {
    expect(formatBytes(1.5 * 2 ** 30, 'de')).toBe('1,5 GiB');
    expect(formatCores(1250, 'de')).toBe('1,25');
    expect(formatShare(0.423, 'en')).toBe('42%');
  });
});

describe('the region', () => {
  it('is that of the reader, as far as the dashboard speaks the language', () => {
    expect(regionalLocale('en', ['de-AT', 'en-GB', 'en-US'])).toBe('en-GB');
    expect(regionalLocale('de', ['en-GB', 'de'])).toBe('de');
    expect(regionalLocale('de', ['en-GB', 'den-CA'])).toBe('de');
    const at = Date.UTC(2026, 0, 2, 15, 4, 5);
    expect(formatTimeOfDay(at, regionalLocale('en', ['en-GB']), 'UTC')).toBe('15:04:05');
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  it('tell an age in its largest unit', () => {
    expect(formatAgo(now - 400, now, 'en')).toBe('now');
    expect(formatAgo(now - 59_999, now, 'en')).toBe('59 sec. ago');
    expect(formatAgo(now - 3_600_000, now, 'en')).toBe('1 hr. ago');
    expect(formatAgo(now - 90 * 86_400_000, now, 'de')).toBe('vor 90 Tagen');
  });
  it('take the future for now, as clocks differ', () => expect(formatAgo(now + 60_000, now, 'en')).toBe('now'));
  it('tell lengths and instants', () => {
    expect(formatDuration(125_000, 'en')).toBe('2 min');
    expect(formatInstant(now, 'de', 'UTC')).toBe('02.01.2026, 03:04:05');
  });
});
