import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { LogLine, StreamHeader } from '@cloudless/proto';
import type { LogStore } from '../logs/log-store.ts';

/** Lines read from the store at once. */
const PAGE_LINES = 500;

type LogsHeader = Extract<StreamHeader, { kind: 'logs' }>;

/**
 * Writes log lines as newline-delimited JSON: from after the cursor, or the newest `tail`, then as they come when `follow` is set. A slow
 * reader slows the reading of the store, never the app.
 */
export async function serveLogs(header: LogsHeader, stream: Duplex, logs: LogStore, linkSignal: AbortSignal): Promise<void> {
  const gone = new AbortController();
  const signal = AbortSignal.any([linkSignal, gone.signal]);
  stream.on('error', () => gone.abort(new Error('the reader is gone')));
  stream.on('close', () => gone.abort(new Error('the reader is gone')));
  // The other end sends nothing; reading lets its end and its resets be seen.
  stream.resume();
  for await (const lines of followLines(header, logs, signal)) {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (!stream.write(text)) await once(stream, 'drain', { signal });
  }
  stream.end();
}

async function* followLines(header: LogsHeader, logs: LogStore, signal: AbortSignal): AsyncIterable<readonly LogLine[]> {
  const { allocationId, follow } = header;
  let news = Promise.withResolvers<void>();
  const stop = logs.onAppend(allocationId, () => news.resolve());
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => aborted.resolve(), { once: true });
  try {
    let after = await startCursor(header, logs);
    while (!signal.aborted) {
      news = Promise.withResolvers();
      const lines = await logs.read(allocationId, { ...(after === undefined ? {} : { after }), limit: PAGE_LINES });
      const last = lines.at(-1);
      if (last) {
        after = last.cursor;
        yield lines;
      } else if (!follow) {
        return;
      } else {
        await Promise.race([news.promise, aborted.promise]);
      }
    }
  } finally {
    stop();
  }
}

/** The later of the asked cursor and the start of the tail. */
async function startCursor(header: LogsHeader, logs: LogStore): Promise<string | undefined> {
  if (header.tail === undefined) return header.after;
  const before = await logs.cursorBefore(header.allocationId, header.tail);
  if (before === undefined) return header.after;
  return header.after !== undefined && header.after > before ? header.after : before;
}
