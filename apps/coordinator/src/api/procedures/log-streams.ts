import type { Duplex } from 'node:stream';
import {
  CloudlessError,
  isCloudlessError,
  logLineSchema,
  saying,
  type AllocationId,
  type LogLine,
  type NodeId,
  type StreamHeader,
} from '@cloudless/proto';
import type { NodeSessions } from '../../node-sessions/index.ts';

/** Longest line of JSON in bytes: 65,536 characters of text, each of which may be written as six, and what stands around them. */
const MAX_LINE_BYTES = 6 * 65_536 + 1024;
const NEWLINE = 10;

export type LogSource = { readonly allocationId: AllocationId; readonly nodeId: NodeId };
/** Where reading starts: after a cursor, so many lines back, or at the oldest line that is kept. */
export type LogFrom = Pick<Extract<StreamHeader, { kind: 'logs' }>, 'after' | 'tail'>;

/** Lines of a stream without their ends. A device cannot fill the memory with a line that never ends. */
export async function* splitLines(chunks: AsyncIterable<Buffer>, maxBytes = MAX_LINE_BYTES): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8');
      parts = [];
      size = 0;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    size += rest.length;
    if (size > maxBytes) throw new CloudlessError('message_malformed', `The device sent a log line of more than ${maxBytes} bytes.`);
    if (rest.length > 0) parts.push(rest);
  }
}

/** What is not a line of that replica is not a line: a device speaks for its own only. */
function parseLine(text: string, allocationId: AllocationId): LogLine | undefined {
  try {
    const line = logLineSchema.safeParse(JSON.parse(text)).data;
    return line?.allocationId === allocationId ? line : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Lines of one replica as its agent sends them; ends without an error when `signal` aborts.
 *
 * @throws CloudlessError `node_unreachable`, `message_malformed`
 */
export async function* readLogStream(
  sessions: Pick<NodeSessions, 'openStream'>,
  { allocationId, nodeId }: LogSource,
  header: LogFrom & { readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const stream: Duplex = await sessions.openStream(nodeId, { kind: 'logs', allocationId, ...header }, signal);
  const close = (): void => void stream.destroy();
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const text of splitLines(stream)) {
      const line = parseLine(text, allocationId);
      if (line) yield line;
    }
  } catch (cause) {
    if (signal.aborted) return;
    if (isCloudlessError(cause)) throw cause;
    throw new CloudlessError('node_unreachable', 'The connection to the device broke while its log lines were read.', {
      cause,
      ...saying('deviceBrokeOff', {}),
    });
  } finally {
    signal.removeEventListener('abort', close);
    stream.destroy();
  }
}
