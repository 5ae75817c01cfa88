import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { Clock, Entropy, Timer } from '@cloudless/kernel';
import { CLEAR, type Direction, type Sky, type Weather } from './weather.ts';

/** Senders that are told apart at once; the one that was silent longest is forgotten for a new one, as a NAT does. */
const MAX_SENDERS = 64;
/** Datagrams on the way in each direction; more are dropped, as a router's queue drops its tail. */
const MAX_WAITING = 1024;
const REORDER_MS = 20;

export type UdpProxyOptions = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly target: { readonly host?: string; readonly port: number };
  readonly host?: string;
  readonly signal?: AbortSignal;
};

/** A network and a NAT between programs that speak UDP. */
export interface UdpProxy extends AsyncDisposable {
  readonly port: number;
  /** Datagrams that were dropped so far, by chance, by a partition or by a full queue. */
  readonly dropped: number;
  turn(sky: Partial<Sky>): void;
  /** Senders reach the target from another port from now on; answers to the old one are lost. */
  rebind(): void;
  stop(): Promise<void>;
}

export async function startUdpProxy({ clock, entropy, target, host = '127.0.0.1', signal }: UdpProxyOptions): Promise<UdpProxy> {
  const sky: Sky = { out: CLEAR, back: CLEAR };
  const senders = new Map<string, { readonly far: Socket; readonly from: RemoteInfo }>();
  const timers = { out: new Set<Timer>(), back: new Set<Timer>() };
  const freeAtMs = { out: 0, back: 0 };
  const near = createSocket('udp4');
  let dropped = 0;
  let isStopped = false;

  /** Delay of one datagram; absent when it is lost. */
  function waitMs(direction: Direction, bytes: number): number | undefined {
    const weather: Weather = sky[direction];
    if (weather.isBlocked || timers[direction].size >= MAX_WAITING || entropy.random() < (weather.loss ?? 0)) return undefined;
    const now = clock.bootMs();
    const { delayMs = 0, jitterMs = 0, bytesPerSecond, reorder = 0, reorderMs = REORDER_MS } = weather;
    if (bytesPerSecond !== undefined) freeAtMs[direction] = Math.max(freeAtMs[direction], now) + (bytes / bytesPerSecond) * 1000;
    const queuedMs = bytesPerSecond === undefined ? 0 : freeAtMs[direction] - now;
    return queuedMs + delayMs + jitterMs * entropy.random() + (entropy.random() < reorder ? reorderMs : 0);
  }

  function carry(direction: Direction, bytes: number, send: () => void): void {
    const copies = entropy.random() < (sky[direction].duplicate ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delayMs = waitMs(direction, bytes);
      if (delayMs === undefined) dropped += 1;
      else if (delayMs <= 0) send();
      else {
        const timer: Timer = clock.setTimer(delayMs, () => {
          timers[direction].delete(timer);
          send();
        });
        timers[direction].add(timer);
      }
    }
  }

  function forget(key: string): void {
    senders.get(key)?.far.close();
    senders.delete(key);
  }

  function openSender(key: string, from: RemoteInfo): Socket {
    const [oldest] = senders.keys();
    if (senders.size >= MAX_SENDERS && oldest !== undefined) forget(oldest);
    const far = createSocket('udp4');
    // Nobody listens there: to UDP that is loss.
    far.on('error', () => undefined);
    far.on('message', (bytes) => carry('back', bytes.byteLength, () => isStopped || near.send(bytes, from.port, from.address)));
    senders.set(key, { far, from });
    return far;
  }

  near.on('error', () => undefined);
  near.on('message', (bytes, from) => {
    const key = `${from.address}:${from.port}`;
    carry('out', bytes.byteLength, () => {
      if (isStopped) return;
      const sender = senders.get(key);
      const far = sender?.far ?? openSender(key, from);
      senders.delete(key);
      senders.set(key, { far, from });
      far.send(bytes, target.port, target.host ?? '127.0.0.1');
    });
  });

  async function stop(): Promise<void> {
    if (isStopped) return;
    isStopped = true;
    signal?.removeEventListener('abort', onAbort);
    for (const timer of [...timers.out, ...timers.back]) timer.cancel();
    for (const key of senders.keys()) forget(key);
    await new Promise<void>((resolve) => void near.close(resolve));
  }
  const onAbort = (): void => void stop();

  signal?.throwIfAborted();
  await new Promise<void>((resolve) => void near.bind(0, host, resolve));
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    port: (near.address() as AddressInfo).port,
    get dropped() {
      return dropped;
    },
    turn: (next) => void Object.assign(sky, next),
    rebind: () => [...senders.keys()].forEach(forget),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
