import type { AllocationId, LogLine } from '@cloudless/proto';
import type { RawLogLine } from '../runtime/runtime.ts';

/** Kept of one allocation, at most. */
export const MAX_LOG_BYTES = 10 * 2 ** 20;
/** How long lines outlive their allocation. */
export const LOG_RETENTION_MS = 7 * 24 * 3_600_000;

export type LogRange = { readonly after?: string; readonly limit: number };

/** Where collecting goes on after a pause: the newest line's engine time, and how many lines carry that time. */
export type LogPosition = { readonly timestampNs: string; readonly count: number };

/** Log lines of allocations, which outlive their containers. Cursors are decimal, of one width, and grow by one with each line. */
export interface LogStore {
  /** Appends in order. Resolves when written (not when durable: a lost tail is fetched from the engine again). */
  append(allocationId: AllocationId, lines: readonly RawLogLine[]): Promise<void>;
  position(allocationId: AllocationId): Promise<LogPosition | undefined>;
  /** Oldest kept lines after the cursor; empty at the end. A cursor of lines that are gone, or were never written, starts at the oldest kept. */
  read(allocationId: AllocationId, range: LogRange): Promise<readonly LogLine[]>;
  /** Cursor after which exactly the newest `count` lines follow; `undefined` when no more than that are kept. */
  cursorBefore(allocationId: AllocationId, count: number): Promise<string | undefined>;
  /** Called after each append. Returns how to stop. */
  onAppend(allocationId: AllocationId, listener: () => void): () => void;
  /** The allocation is gone: its lines are kept until LOG_RETENTION_MS from `now`. */
  retire(allocationId: AllocationId, now: number): Promise<void>;
  /** Removes what was kept long enough. Returns how many allocations that were. */
  sweep(now: number): Promise<number>;
}

const CURSOR_DIGITS = 14;
export const formatCursor = (sequence: number): string => String(sequence).padStart(CURSOR_DIGITS, '0');
/** Sequence of a cursor; -1 for what is none. */
export const parseCursor = (cursor: string | undefined): number =>
  cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : -1;

/** Engine time in ms. */
export const millisecondsOf = (timestampNs: string): number => Math.max(0, Number(timestampNs.slice(0, -6)) || 0);

/** The position after `lines` follow `before`. */
export function advancePosition(before: LogPosition | undefined, lines: readonly RawLogLine[]): LogPosition | undefined {
  let position = before;
  for (const { timestampNs } of lines) {
    position = position?.timestampNs === timestampNs ? { timestampNs, count: position.count + 1 } : { timestampNs, count: 1 };
  }
  return position;
}
