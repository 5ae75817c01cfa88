import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { CloudlessError, type AllocationId, type LogLine, type NodeId, type StreamHeader } from '@cloudless/proto';
import type { NodeSessions } from '../../node-sessions/index.ts';

type LogsHeader = Extract<StreamHeader, { kind: 'logs' }>;
type Reader = { readonly header: LogsHeader; readonly nodeId: NodeId; readonly stream: PassThrough };

/** Devices as seen through their sessions: they keep lines and serve them as agents do, and can go away. */
export function createFakeLogDevices() {
  const kept = new Map<AllocationId, LogLine[]>();
  const readers = new Set<Reader>();
  const away = new Set<NodeId>();
  const opened: LogsHeader[] = [];
  const linesOf = (id: AllocationId): LogLine[] => kept.get(id) ?? [];
  const write = (stream: PassThrough, lines: readonly LogLine[]): void => {
    for (const line of lines) stream.write(`${JSON.stringify(line)}\n`);
  };

  const sessions = {
    channels: () => ({ heartbeat: { connected: true }, command: { connected: true } }),
    usage: () => [],
    lastUsage: () => undefined,
    onUsage: () => () => undefined,
    openStream(nodeId: NodeId, header: LogsHeader) {
      opened.push(header);
      if (away.has(nodeId)) return Promise.reject(new CloudlessError('node_unreachable', 'The device is asleep.'));
      const stream = new PassThrough();
      const reader = { header, nodeId, stream };
      const { allocationId, after, tail, follow } = header;
      const lines = linesOf(allocationId).filter(({ cursor }) => after === undefined || cursor > after);
      write(stream, tail === undefined ? lines : lines.slice(lines.length - Math.min(tail, lines.length)));
      if (!follow) stream.end();
      else readers.add(reader);
      stream.once('close', () => readers.delete(reader));
      return Promise.resolve(stream);
    },
    disconnect: () => undefined,
    stop: () => Promise.resolve(),
  } as unknown as NodeSessions;

  return {
    sessions,
    /** Headers of the streams that were asked for, in order. */
    opened,
    get openStreams() {
      return [...readers].filter(({ stream }) => !stream.destroyed).length;
    },
    /** Resolves when every stream of that allocation that is open now has closed. */
    untilClosed: (allocationId: AllocationId) =>
      Promise.all([...readers].filter(({ header }) => header.allocationId === allocationId).map(({ stream }) => once(stream, 'close'))),
    say(allocationId: AllocationId, text: string, at: number): void {
      const lines = linesOf(allocationId);
      const line: LogLine = { allocationId, cursor: String(lines.length + 1).padStart(14, '0'), at, stream: 'stdout', text };
      kept.set(allocationId, [...lines, line]);
      for (const { header, stream } of readers) if (header.allocationId === allocationId) write(stream, [line]);
    },
    /** Bytes that are no line of that allocation. */
    blurt(allocationId: AllocationId, bytes: string): void {
      for (const { header, stream } of readers) if (header.allocationId === allocationId) stream.write(bytes);
    },
    leave(nodeId: NodeId): void {
      away.add(nodeId);
      for (const reader of readers) if (reader.nodeId === nodeId) reader.stream.destroy(new Error('the link broke'));
    },
    comeBack: (nodeId: NodeId) => void away.delete(nodeId),
  };
}
