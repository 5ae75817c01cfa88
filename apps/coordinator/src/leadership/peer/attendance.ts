import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '@cloudless/kernel';
import { BEAT_MS, MAX_LINE_BYTES, parseStandby, type LeaderLine, type Standby } from './messages.ts';

export type Attending = Standby & { readonly coordinatorId: string; readonly sinceAt: number; readonly seenAt: number };

/** The standbys, as the leader knows them: those that hold a connection to it. Memory alone. */
export interface Attendance {
  /** A standby came. It attends until its connection ends. */
  serve(coordinatorId: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  list(): readonly Attending[];
  /** Boot time since which every coordinator that was ever met is away; `undefined` while one attends, or none was ever met. */
  readonly aloneSinceMs: number | undefined;
  /** Tells the standbys the ports of apps when they changed. */
  tellPorts(open: readonly number[]): void;
  /** Called when standbys came or went. */
  onChange(listener: () => void): void;
  stop(): void;
}

const MAX_STANDBYS = 16;
/** A standby that reads nothing is let go. */
const MAX_UNREAD_BYTES = 64 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_LINE_BYTES) throw new Error('a standby says more of itself than it may');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function createAttendance({ clock }: { readonly clock: Clock }): Attendance {
  const attending = new Map<string, { readonly standby: Standby; readonly response: ServerResponse; readonly sinceAt: number }>();
  let aloneSinceMs: number | undefined;
  let beat: Timer | undefined;
  let isStopped = false;
  let onChanged = (): void => undefined;

  function say(response: ServerResponse, line: LeaderLine): void {
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(`${JSON.stringify(line)}\n`);
  }
  function keepBeating(): void {
    beat = clock.setTimer(BEAT_MS, () => {
      for (const { response } of attending.values()) say(response, { kind: 'beat' });
      if (!isStopped) keepBeating();
    });
  }
  let ports: LeaderLine = { kind: 'ports', ports: [] };
  keepBeating();

  return {
    async serve(coordinatorId, request, response) {
      const standby = parseStandby(await readBody(request));
      if (!standby || isStopped || (attending.size >= MAX_STANDBYS && !attending.has(coordinatorId))) {
        response.writeHead(503).end();
        return;
      }
      // A newer process of the same coordinator: the older one is gone.
      attending.get(coordinatorId)?.response.destroy();
      const entry = { standby, response, sinceAt: clock.now() };
      attending.set(coordinatorId, entry);
      aloneSinceMs = undefined;
      response.once('close', () => {
        if (attending.get(coordinatorId) !== entry) return;
        attending.delete(coordinatorId);
        if (attending.size === 0) aloneSinceMs = clock.bootMs();
        onChanged();
      });
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      say(response, ports);
      onChanged();
    },
    list: () =>
      [...attending].map(([coordinatorId, { standby, sinceAt }]) => ({ ...standby, coordinatorId, sinceAt, seenAt: clock.now() })),
    get aloneSinceMs() {
      return aloneSinceMs;
    },
    tellPorts(open) {
      ports = { kind: 'ports', ports: [...open] };
      for (const { response } of attending.values()) say(response, ports);
    },
    onChange: (listener) => void (onChanged = listener),
    stop() {
      isStopped = true;
      beat?.cancel();
      for (const { response } of attending.values()) response.end();
    },
  };
}
