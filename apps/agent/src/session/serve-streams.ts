import type { Duplex } from 'node:stream';
import { unreachable, type Logger } from '@cloudless/kernel';
import type { StreamHeader } from '@cloudless/proto';
import { StreamReset, type IncomingStream } from '@cloudless/transport';
import type { LogStore } from '../logs/log-store.ts';
import type { Held } from '../state/held.ts';
import { serveLogs } from './serve-logs.ts';

/** Connects to a TCP port of the device's loopback. */
export type ConnectLoopback = (port: number, signal: AbortSignal) => Promise<Duplex>;

/** What the coordinator may open streams to: log lines, and TCP ports of this device's own allocations. Nothing else. */
export interface StreamServer {
  serve(incoming: IncomingStream, linkSignal: AbortSignal): void;
}

type ForwardHeader = Extract<StreamHeader, { kind: 'forward' }>;

export function createStreamServer(deps: {
  readonly held: Pick<Held, 'assignment' | 'memory'>;
  readonly logs: LogStore;
  readonly connectLoopback: ConnectLoopback;
  readonly logger: Logger;
}): StreamServer {
  const { held, logs, logger } = deps;

  /** The device's port, or why there is none. */
  function findHostPort(header: ForwardHeader): number | string {
    const { allocationId, portName } = header;
    const assignment = held.assignment(allocationId);
    const memory = held.memory(allocationId);
    if (!assignment || !memory) return `the allocation ${allocationId} is not on this device`;
    const port = assignment.spec.ports.find(({ name }) => name === portName);
    if (port?.protocol !== 'TCP') return `${assignment.workloadName} has no TCP port named ${portName}`;
    const { phase, ready, cause, hostPorts } = memory.observed;
    return hostPorts[portName] ?? `${assignment.workloadName} does not run (${phase}${ready ? '' : ', not ready'}): ${cause.message}`;
  }

  async function forward(incoming: IncomingStream, header: ForwardHeader, linkSignal: AbortSignal): Promise<void> {
    const hostPort = findHostPort(header);
    if (typeof hostPort === 'string') return incoming.refuse('refused', hostPort);
    try {
      const socket = await deps.connectLoopback(hostPort, linkSignal);
      const stream = incoming.accept();
      // The opener gave up while the app was asked: its end was told already, and nobody would close the app's.
      if (stream.destroyed) socket.destroy();
      else splice(stream, socket);
    } catch (cause) {
      incoming.refuse(
        'path_lost',
        `nothing answers on port ${hostPort} of the device: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }

  return {
    serve(incoming, linkSignal) {
      const { header } = incoming;
      switch (header.kind) {
        case 'logs':
          void serveLogs(header, incoming.accept(), logs, linkSignal).catch((cause: unknown) => {
            logger.debug({ op: 'stream.logs', outcome: 'aborted', allocationId: header.allocationId, reason: String(cause) });
          });
          return;
        case 'forward':
          void forward(incoming, header, linkSignal).catch((cause: unknown) => {
            logger.debug({ op: 'stream.forward', outcome: 'failed', allocationId: header.allocationId, reason: String(cause) });
          });
          return;
        case 'file':
          return incoming.refuse('refused', 'a device keeps no files for the coordinator');
        default:
          unreachable(header);
      }
    },
  };
}

/** Joins two duplex streams, half-closes included; when one breaks, so does the other, with the reason. */
function splice(stream: Duplex, socket: Duplex): void {
  stream.on('error', () => socket.destroy());
  socket.on('error', (cause) => stream.destroy(new StreamReset('path_lost', `the app's connection broke: ${cause.message}`)));
  stream.on('close', () => socket.destroy());
  socket.on('close', () => {
    if (!stream.writableEnded) stream.destroy(new StreamReset('path_lost', "the app's connection closed"));
  });
  stream.pipe(socket);
  socket.pipe(stream);
}
