import { Duplex } from 'node:stream';
import type { Clock, Timer } from '@cloudless/kernel';
import type { Incarnation } from '../incarnation.ts';

export type Side = 'near' | 'far';
type Frame = { readonly kind: 'bytes'; readonly chunk: Buffer } | { readonly kind: 'end' | 'reset' | 'ping' | 'pong' };

/** A connection between two programs, as bytes both ways: `near` dialled, `far` was dialled. */
export interface Wire {
  readonly near: Duplex;
  readonly far: Duplex;
  readonly lives: Readonly<Record<Side, Incarnation>>;
  /** Ends `far` when the program at the other end says nothing for so long, though it is asked. */
  endWhenSilent(silentMs: number): void;
  /** The system of one end tells the other that the connection is no more. */
  reset(from: Side): void;
  /** What waited for the way to be whole goes on. */
  release(): void;
  /** Neither end is open in a program that lives. */
  readonly isOver: boolean;
}

export type WireOptions = {
  readonly clock: Clock;
  readonly lives: Readonly<Record<Side, Incarnation>>;
  readonly delayMs: () => number;
  /** What becomes of a frame that arrives now. */
  readonly wayTo: (side: Side) => 'open' | 'holds' | 'loses';
  readonly onOver: () => void;
};

const PINGS = 4;
const other = (side: Side): Side => (side === 'near' ? 'far' : 'near');

/** What Node's HTTP asks of a socket beyond a stream: who is there, and an idle timeout, here of the program's own clock. */
function withSocketManners(stream: Duplex, clock: Clock): { readonly stream: Duplex; touch(): void } {
  let idleMs = 0;
  let touchedMs = 0;
  let timer: Timer | undefined;
  function watch(delayMs: number): void {
    timer = clock.setTimer(delayMs, () => {
      timer = undefined;
      if (idleMs === 0 || stream.destroyed) return;
      const leftMs = touchedMs + idleMs - clock.bootMs();
      if (leftMs > 0) watch(leftMs);
      else stream.emit('timeout');
    });
  }
  const touch = (): void => {
    touchedMs = clock.bootMs();
    if (idleMs > 0 && !timer && !stream.destroyed) watch(idleMs);
  };
  stream.once('close', () => timer?.cancel());
  const keep = (): Duplex => stream;
  Object.assign(stream, {
    remoteAddress: '127.0.0.1',
    localAddress: '127.0.0.1',
    setKeepAlive: keep,
    setNoDelay: keep,
    ref: keep,
    unref: keep,
    setTimeout(ms: number, onTimeout?: () => void) {
      // As a socket of Node's: nought takes the listener away.
      if (onTimeout && ms === 0) stream.removeListener('timeout', onTimeout);
      else if (onTimeout) stream.once('timeout', onTimeout);
      idleMs = ms;
      timer?.cancel();
      timer = undefined;
      touch();
      return stream;
    },
  });
  return { stream, touch };
}

export function createWire({ clock, lives, delayMs, wayTo, onOver }: WireOptions): Wire {
  const lastAtMs = { near: 0, far: 0 };
  /** Once a frame was lost, all after it are: nobody sees a gap. */
  const isLost = { near: false, far: false };
  let held: (() => void)[] = [];
  let onPong = (): void => undefined;

  function arrive(side: Side, frame: Frame): void {
    if (isLost[side]) return;
    const way = wayTo(side);
    if (way === 'open') lives[side].enter(() => take(side, frame));
    else if (way === 'holds') held.push(() => arrive(side, frame));
    else isLost[side] = true;
  }
  function send(from: Side, frame: Frame): void {
    const to = other(from);
    const atMs = Math.max(lastAtMs[to], clock.bootMs() + delayMs());
    lastAtMs[to] = atMs;
    clock.setTimer(atMs - clock.bootMs(), () => arrive(to, frame));
  }
  function take(side: Side, frame: Frame): void {
    const { stream, touch } = ends[side];
    if (stream.destroyed) return;
    touch();
    switch (frame.kind) {
      case 'bytes':
        return void stream.push(frame.chunk);
      case 'end':
        return void stream.push(null);
      case 'ping':
        return send(side, { kind: 'pong' });
      case 'pong':
        return onPong();
      case 'reset':
        // After its end was read, nothing is missing.
        return void stream.destroy(
          stream.readableEnded ? undefined : Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' }),
        );
    }
  }

  function createEnd(side: Side): { readonly stream: Duplex; touch(): void } {
    const life = lives[side];
    const say = (frame: Frame): void => {
      if (life.isAlive) send(side, frame);
    };
    const stream = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, onTaken) {
        ends[side].touch();
        say({ kind: 'bytes', chunk });
        onTaken();
      },
      final(onTaken) {
        say({ kind: 'end' });
        onTaken();
      },
      destroy(cause, onDone) {
        say({ kind: 'reset' });
        if (isClosed(other(side))) onOver();
        onDone(cause);
      },
    });
    // Whoever reads it hears of it as well; nobody reads one that was just dialled.
    stream.on('error', () => undefined);
    return withSocketManners(stream, life.clock);
  }
  const ends = { near: createEnd('near'), far: createEnd('far') };
  const isClosed = (side: Side): boolean => !lives[side].isAlive || ends[side].stream.destroyed;

  return {
    near: ends.near.stream,
    far: ends.far.stream,
    lives,
    endWhenSilent(silentMs) {
      const { stream } = ends.far;
      const { clock: own } = lives.far;
      const beginSilence = (): Timer => own.setTimer(silentMs, () => stream.destroy());
      const ping = (): Timer =>
        own.setTimer(silentMs / PINGS, () => {
          send('far', { kind: 'ping' });
          next = ping();
        });
      let silence = beginSilence();
      let next = ping();
      onPong = () => {
        silence.cancel();
        silence = beginSilence();
      };
      stream.once('close', () => {
        silence.cancel();
        next.cancel();
      });
    },
    reset: (from) => send(from, { kind: 'reset' }),
    release() {
      const waiting = held;
      held = [];
      for (const run of waiting) run();
    },
    get isOver() {
      return isClosed('near') && isClosed('far');
    },
  };
}
