import type { AllocationId, LogLine } from '@cloudless/proto';
import {
  advancePosition,
  formatCursor,
  LOG_RETENTION_MS,
  millisecondsOf,
  parseCursor,
  type LogPosition,
  type LogStore,
} from './log-store.ts';
import { createListeners } from './listeners.ts';

/** Lines of one allocation kept in memory, at most. */
const MAX_LINES = 10_000;

type Kept = { lines: LogLine[]; next: number; position: LogPosition | undefined; retiredAt?: number };

/** Log lines in memory: for the simulator and for tests. */
export function createMemoryLogStore(): LogStore {
  const kept = new Map<AllocationId, Kept>();
  const listeners = createListeners();
  const of = (id: AllocationId): Kept => {
    const own = kept.get(id) ?? { lines: [], next: 0, position: undefined };
    kept.set(id, own);
    return own;
  };
  return {
    append(id, lines) {
      const own = of(id);
      for (const line of lines) {
        own.lines.push({
          allocationId: id,
          cursor: formatCursor(own.next),
          at: millisecondsOf(line.timestampNs),
          stream: line.stream,
          text: line.text,
        });
        own.next += 1;
      }
      own.lines = own.lines.slice(-MAX_LINES);
      own.position = advancePosition(own.position, lines);
      listeners.tell(id);
      return Promise.resolve();
    },
    position: (id) => Promise.resolve(kept.get(id)?.position),
    read(id, range) {
      const own = kept.get(id);
      if (!own) return Promise.resolve([]);
      const after = parseCursor(range.after);
      const from = after >= own.next ? -1 : after;
      return Promise.resolve(own.lines.filter((line) => parseCursor(line.cursor) > from).slice(0, range.limit));
    },
    cursorBefore(id, count) {
      const own = kept.get(id);
      if (!own || own.lines.length <= count) return Promise.resolve(undefined);
      return Promise.resolve(formatCursor(own.next - 1 - count));
    },
    onAppend: listeners.on,
    retire(id, now) {
      const own = kept.get(id);
      if (own) own.retiredAt = now;
      return Promise.resolve();
    },
    sweep(now) {
      const gone = [...kept].filter(([, own]) => own.retiredAt !== undefined && now - own.retiredAt > LOG_RETENTION_MS);
      for (const [id] of gone) kept.delete(id);
      return Promise.resolve(gone.length);
    },
  };
}
