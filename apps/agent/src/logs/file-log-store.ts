import { appendFile, mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allocationIdSchema, type AllocationId, type LogLine } from '@cloudless/proto';
import type { RawLogLine } from '../runtime/runtime.ts';
import {
  advancePosition,
  formatCursor,
  LOG_RETENTION_MS,
  MAX_LOG_BYTES,
  millisecondsOf,
  parseCursor,
  type LogPosition,
  type LogStore,
} from './log-store.ts';
import { createListeners } from './listeners.ts';

/** A segment is closed at this size and removed as a whole: so much less than MAX_LOG_BYTES may be kept. */
export const SEGMENT_BYTES = 2 ** 20;
const RETIRED = 'retired-at';

type Segment = { readonly first: number; bytes: number };
type Opened = { segments: Segment[]; next: number; position: LogPosition | undefined; tail: Promise<unknown> };
/** One line of a segment: sequence, engine time, stream, text. */
type Stored = readonly [sequence: number, timestampNs: string, stream: 'o' | 'e', text: string];

const segmentName = (first: number): string => `${formatCursor(first)}.log`;

/**
 * Log lines in files: a folder an allocation, in it segments of 1 MiB named for their first line, a line of JSON each. Appended without
 * fsync: a tail that a power cut takes is still in the engine's own log, and is fetched again from the last whole line.
 */
export function createFileLogStore(folder: string): LogStore {
  const opened = new Map<AllocationId, Promise<Opened>>();
  const listeners = createListeners();
  const folderOf = (id: AllocationId): string => join(folder, id);

  const openLog = (id: AllocationId): Promise<Opened> => {
    const known = opened.get(id);
    if (known) return known;
    const opening = readLog(folderOf(id));
    opened.set(id, opening);
    opening.catch(() => opened.delete(id));
    return opening;
  };

  /** One write or removal of an allocation at a time. */
  async function inTurn<T>(id: AllocationId, work: (log: Opened) => Promise<T>): Promise<T> {
    const log = await openLog(id);
    const mine = log.tail.then(() => work(log));
    log.tail = mine.catch(() => undefined);
    return mine;
  }

  async function writePiece(id: AllocationId, log: Opened, lines: readonly RawLogLine[]): Promise<void> {
    let segment = log.segments.at(-1);
    if (!segment || segment.bytes >= SEGMENT_BYTES) {
      await mkdir(folderOf(id), { recursive: true, mode: 0o700 });
      segment = { first: log.next, bytes: 0 };
      log.segments.push(segment);
    }
    const stored = lines.map((line, index): Stored => [
      log.next + index,
      line.timestampNs,
      line.stream === 'stderr' ? 'e' : 'o',
      line.text,
    ]);
    const body = stored.map((line) => `${JSON.stringify(line)}\n`).join('');
    await appendFile(join(folderOf(id), segmentName(segment.first)), body, { mode: 0o600 });
    segment.bytes += Buffer.byteLength(body);
    log.next += lines.length;
    log.position = advancePosition(log.position, lines);
    while (log.segments.length > 1 && log.segments.reduce((sum, { bytes }) => sum + bytes, 0) > MAX_LOG_BYTES) {
      const oldest = log.segments.shift();
      if (oldest) await rm(join(folderOf(id), segmentName(oldest.first)), { force: true });
    }
  }

  /** In pieces that fit into a segment: what came at once can be longer than all that is kept. */
  async function write(id: AllocationId, log: Opened, lines: readonly RawLogLine[]): Promise<void> {
    let piece: RawLogLine[] = [];
    let chars = 0;
    for (const line of lines) {
      piece.push(line);
      chars += line.text.length;
      if (chars < SEGMENT_BYTES / 2) continue;
      await writePiece(id, log, piece);
      piece = [];
      chars = 0;
    }
    if (piece.length > 0) await writePiece(id, log, piece);
  }

  async function readAfter(id: AllocationId, log: Opened, after: number, limit: number): Promise<readonly LogLine[]> {
    const lines: LogLine[] = [];
    for (const [index, segment] of log.segments.entries()) {
      const nextFirst = log.segments[index + 1]?.first ?? log.next;
      if (nextFirst <= after + 1) continue;
      for (const [sequence, timestampNs, stream, text] of await readSegment(folderOf(id), segment)) {
        if (sequence <= after) continue;
        lines.push({
          allocationId: id,
          cursor: formatCursor(sequence),
          at: millisecondsOf(timestampNs),
          stream: stream === 'e' ? 'stderr' : 'stdout',
          text,
        });
        if (lines.length >= limit) return lines;
      }
    }
    return lines;
  }

  return {
    async append(id, lines) {
      if (lines.length === 0) return;
      await inTurn(id, (log) => write(id, log, lines));
      listeners.tell(id);
    },
    position: async (id) => (await openLog(id)).position,
    read: (id, range) =>
      inTurn(id, (log) => {
        const after = parseCursor(range.after);
        return readAfter(id, log, after >= log.next ? -1 : after, range.limit);
      }),
    async cursorBefore(id, count) {
      const log = await openLog(id);
      const oldest = log.segments[0]?.first ?? log.next;
      return log.next - oldest <= count ? undefined : formatCursor(log.next - 1 - count);
    },
    onAppend: listeners.on,
    retire: (id, now) =>
      inTurn(id, async (log) => {
        if (log.segments.length > 0) await writeFile(join(folderOf(id), RETIRED), String(now), { mode: 0o600 });
        opened.delete(id);
      }),
    async sweep(now) {
      let swept = 0;
      for (const name of await readdir(folder).catch(() => [])) {
        const id = allocationIdSchema.safeParse(name);
        if (!id.success) continue;
        const retiredAt = Number(await readFile(join(folder, name, RETIRED), 'utf8').catch(() => 'NaN'));
        if (!(now - retiredAt > LOG_RETENTION_MS)) continue;
        opened.delete(id.data);
        await rm(join(folder, name), { recursive: true, force: true });
        swept += 1;
      }
      return swept;
    },
  };
}

/** What is on disk, with a torn last line cut off. */
async function readLog(folder: string): Promise<Opened> {
  const names = await readdir(folder).catch((): string[] => []);
  const firsts = names
    .filter((name) => /^\d+\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => a - b);
  const segments: Segment[] = [];
  for (const first of firsts) segments.push({ first, bytes: (await stat(join(folder, segmentName(first)))).size });
  const newest = segments.at(-1);
  if (!newest) return { segments, next: 0, position: undefined, tail: Promise.resolve() };
  await cutTornLine(folder, newest);
  const lines = await readSegment(folder, newest);
  const position = advancePosition(
    undefined,
    lines.map(([, timestampNs]) => ({ timestampNs, stream: 'stdout', text: '' })),
  );
  const next = lines.at(-1)?.[0];
  return { segments, next: next === undefined ? newest.first : next + 1, position, tail: Promise.resolve() };
}

async function cutTornLine(folder: string, segment: Segment): Promise<void> {
  const path = join(folder, segmentName(segment.first));
  const body = await readFile(path);
  const whole = body.lastIndexOf(0x0a) + 1;
  if (whole === body.byteLength) return;
  await truncate(path, whole);
  segment.bytes = whole;
}

async function readSegment(folder: string, segment: Segment): Promise<Stored[]> {
  const file = await open(join(folder, segmentName(segment.first)), 'r');
  try {
    const body = await file.readFile('utf8');
    return body.split('\n').flatMap((line) => parseStored(line));
  } finally {
    await file.close();
  }
}

function parseStored(line: string): Stored[] {
  if (line === '') return [];
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) && value.length === 4 ? [value as unknown as Stored] : [];
  } catch {
    return [];
  }
}
