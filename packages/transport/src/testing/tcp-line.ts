import type { Socket } from 'node:net';
import type { Clock, Entropy, Timer } from '@cloudless/kernel';
import type { Weather } from './weather.ts';

/** Bytes on the way in one direction of one connection; beyond it the sender is not read, and feels it. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Payload of a segment on Ethernet with timestamps (RFC 7323). */
const SEGMENT_BYTES = 1448;
const RETRANSMIT_MS = 200;
/** Losses of one segment in a row; Linux would go on for minutes. */
const MAX_LOSSES = 6;

type Segment = { readonly dueMs: number } & ({ readonly bytes: Buffer } | { readonly ends: 'close' | 'reset' });

export type LineOptions = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly weather: () => Weather;
};

/** One direction of one connection. */
export interface Line {
  /** The other end is there: what waits may go to it. */
  leadTo(to: Socket): void;
  /** The weather changed. */
  look(): void;
  /** From now on nothing passes, for good, and nobody is told. */
  die(): void;
  stop(): void;
}

/** Carries bytes, the end and a reset from `from` in their order, each when its time has come. */
export function createLine(from: Socket, { clock, entropy, weather }: LineOptions): Line {
  let waiting: Segment[] = [];
  let waitingBytes = 0;
  let lastDueMs = 0;
  let freeAtMs = 0;
  let to: Socket | undefined;
  let isFull = false;
  let isOver = false;
  let hasEnded = false;
  let timer: Timer | undefined;

  function lossMs({ loss = 0, retransmitMs = RETRANSMIT_MS }: Weather): number {
    let lostMs = 0;
    for (let losses = 0; losses < MAX_LOSSES && entropy.random() < loss; losses += 1) lostMs += retransmitMs * 2 ** losses;
    return lostMs;
  }

  /** When what is sent now arrives: behind everything before it. */
  function dueMs(bytes: number): number {
    const now = clock.bootMs();
    const { delayMs = 0, jitterMs = 0, bytesPerSecond, ...rest } = weather();
    if (bytesPerSecond !== undefined) freeAtMs = Math.max(freeAtMs, now) + (bytes / bytesPerSecond) * 1000;
    const sentAtMs = bytesPerSecond === undefined ? now : freeAtMs;
    lastDueMs = Math.max(lastDueMs, sentAtMs + delayMs + jitterMs * entropy.random() + lossMs(rest));
    return lastDueMs;
  }

  function take(chunk: Buffer): void {
    if (isOver) return;
    for (let at = 0; at < chunk.byteLength; at += SEGMENT_BYTES) {
      const bytes = chunk.subarray(at, at + SEGMENT_BYTES);
      waiting.push({ dueMs: dueMs(bytes.byteLength), bytes });
      waitingBytes += bytes.byteLength;
    }
    if (waitingBytes >= MAX_WAITING_BYTES) from.pause();
    pump();
  }

  function end(ends: 'close' | 'reset'): void {
    if (isOver || hasEnded) return;
    hasEnded = true;
    waiting.push({ dueMs: dueMs(0), ends });
    pump();
  }

  function pass(segment: Segment, end: Socket): void {
    if ('bytes' in segment) {
      waitingBytes -= segment.bytes.byteLength;
      isFull = !end.write(segment.bytes);
      if (isFull) end.once('drain', onDrain);
    } else if (segment.ends === 'close') end.end();
    else end.resetAndDestroy();
  }

  function onDrain(): void {
    isFull = false;
    pump();
  }

  function pump(): void {
    timer?.cancel();
    timer = undefined;
    if (!to || isOver || weather().isBlocked) return;
    const now = clock.bootMs();
    while (!isFull && waiting[0] && waiting[0].dueMs <= now) {
      const segment = waiting.shift();
      if (segment) pass(segment, to);
    }
    if (waitingBytes < MAX_WAITING_BYTES && from.isPaused()) from.resume();
    if (!isFull && waiting[0]) timer = clock.setTimer(Math.max(1, waiting[0].dueMs - now), pump);
  }

  function die(): void {
    isOver = true;
    timer?.cancel();
    waiting = [];
    waitingBytes = 0;
    from.pause();
  }

  from.on('data', take);
  from.once('end', () => end('close'));
  from.on('error', () => end('reset'));
  from.once('close', () => end('reset'));
  return {
    leadTo(end) {
      to = end;
      pump();
    },
    look: pump,
    die,
    stop: die,
  };
}
