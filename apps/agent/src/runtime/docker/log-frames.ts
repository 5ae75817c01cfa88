import { StringDecoder } from 'node:string_decoder';
import type { RawLogLine } from '../runtime.ts';

const HEADER_BYTES = 8;
/** Longer lines are cut into several. */
const MAX_LINE_CHARS = 60_000;

type Half = { timestampNs: string; text: string };

/**
 * Lines of the engine's multiplexed log stream (Docker Engine API, ContainerAttach: `[stream, 0, 0, 0, size as big-endian uint32]`
 * before each payload), with `timestamps=1`. A payload without a newline is the first part of a line over 16 KiB.
 */
export async function* readLogFrames(chunks: AsyncIterable<Uint8Array>): AsyncIterable<RawLogLine> {
  let rest: Uint8Array = new Uint8Array();
  const halves: { stdout?: Half; stderr?: Half } = {};
  for await (const chunk of chunks) {
    rest = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.byteLength < HEADER_BYTES) break;
      const size = new DataView(rest.buffer, rest.byteOffset).getUint32(4);
      if (rest.byteLength < HEADER_BYTES + size) break;
      const stream = rest[0] === 2 ? 'stderr' : 'stdout';
      const payload = new StringDecoder('utf8').end(Buffer.from(rest.subarray(HEADER_BYTES, HEADER_BYTES + size)));
      rest = rest.subarray(HEADER_BYTES + size);
      const line = joinHalves(halves, stream, payload);
      if (line) yield line;
    }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const half = halves[stream];
    if (half) yield { ...half, stream };
  }
}

function joinHalves(halves: { stdout?: Half; stderr?: Half }, stream: 'stdout' | 'stderr', payload: string): RawLogLine | undefined {
  const space = payload.indexOf(' ');
  const timestampNs = toNanoseconds(payload.slice(0, space));
  const body = payload.slice(space + 1);
  const before = halves[stream];
  const text = (before?.text ?? '') + body.replace(/\r?\n$/, '');
  const stamp = before?.timestampNs ?? timestampNs;
  if (body.endsWith('\n') || text.length >= MAX_LINE_CHARS) {
    delete halves[stream];
    return { timestampNs: stamp, stream, text: text.slice(0, MAX_LINE_CHARS) };
  }
  halves[stream] = { timestampNs: stamp, text };
  return undefined;
}

/** RFC 3339 with nanoseconds, as the engine writes it in UTC, to 19 digits. */
export function toNanoseconds(stamp: string): string {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d{1,9}))?Z$/.exec(stamp) ?? [];
  const ms = Date.parse(`${seconds}Z`);
  return `${Number.isNaN(ms) ? 0 : ms / 1000}`.padStart(10, '0') + fraction.padEnd(9, '0');
}

/** For the engine's `since`: seconds and nanoseconds. */
export const toSince = (timestampNs: string): string => `${timestampNs.slice(0, -9)}.${timestampNs.slice(-9)}`;
