import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { logLineSchema, type AllocationId, type LogLine, type NodeId, type StreamHeader } from '@cloudless/proto';
import type { NodeSessions } from '../../node-sessions/index.ts';

/** One line is 64 KiB at most, and JSON may write a character as six. */
export type LogSource = { readonly allocationId: AllocationId; readonly nodeId: NodeId };
export type LogHeader = Omit<Extract<StreamHeader, { kind: 'logs' }>, 'kind' | 'allocationId'>;

/**
 * Lines of one replica as its agent sends them.
 *
 * @throws CloudlessError `node_unreachable`
 */
export async function* readLogStream(
  sessions: Pick<NodeSessions, 'openStream'>,
  { allocationId, nodeId }: LogSource,
  header: LogHeader,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const stream: Duplex = await sessions.openStream(nodeId, { kind: 'logs', allocationId, ...header }, signal);
  const close = (): void => void stream.destroy();
  signal.addEventListener('abort', close, { once: true });
  // The reason is told by the end of the lines; without a listener it would end the process.
  stream.on('error', () => undefined);
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
      const line = parseLine(text);
      if (line?.allocationId === allocationId) yield line;
    }
  } finally {
    signal.removeEventListener('abort', close);
    stream.destroy();
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    return logLineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
