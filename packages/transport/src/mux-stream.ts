import { Duplex } from 'node:stream';
import { StreamReset, type LinkCode } from './link.ts';
import { STREAM_PIECE_BYTES, STREAM_WINDOW_BYTES } from './stream-limits.ts';

/** What one stream needs of its multiplexer. */
export type StreamWires = {
  /** `false`: not taken, the path is full; `resume` is called when it has room. */
  sendBytes(piece: Uint8Array): boolean;
  sendEnd(): void;
  sendCredit(bytes: number): void;
  sendReset(code: LinkCode, message: string): void;
  forget(): void;
};

type Waiting = { readonly bytes: Uint8Array; offset: number; readonly done: (error?: Error | null) => void };

/** One multiplexed stream: credit-based windows both ways, after HTTP/2's flow control (RFC 9113 §5.2). */
export class MuxStream extends Duplex {
  readonly #wires: StreamWires;
  #credit = STREAM_WINDOW_BYTES;
  #waiting: Waiting | undefined;
  #arrived: Uint8Array[] = [];
  /** Bytes the other end may still send; guards this end's memory. */
  #allowed = STREAM_WINDOW_BYTES;
  #taken = 0;
  #wanted = false;
  #peerEnded = false;
  #peerReset = false;
  #endSent = false;

  constructor(wires: StreamWires) {
    super({ allowHalfOpen: true, highWaterMark: STREAM_PIECE_BYTES });
    this.#wires = wires;
  }

  /** Bytes came. `false`: more than the window allowed. */
  takeBytes(bytes: Uint8Array): boolean {
    this.#allowed -= bytes.byteLength;
    if (this.#allowed < 0 || this.#peerEnded) return false;
    this.#arrived.push(bytes);
    if (this.#wanted) this.#deliver();
    return true;
  }

  takeEnd(): void {
    this.#peerEnded = true;
    if (this.#wanted) this.#deliver();
  }

  takeCredit(bytes: number): void {
    this.#credit += bytes;
    this.resumeSending();
  }

  takeReset(code: LinkCode, message: string): void {
    this.#peerReset = true;
    this.destroy(new StreamReset(code, message));
  }

  /** Sends as much of the waiting chunk as credit and path allow. */
  resumeSending(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    while (waiting.offset < waiting.bytes.byteLength && this.#credit > 0) {
      const length = Math.min(STREAM_PIECE_BYTES, this.#credit, waiting.bytes.byteLength - waiting.offset);
      if (!this.#wires.sendBytes(waiting.bytes.subarray(waiting.offset, waiting.offset + length))) return;
      this.#credit -= length;
      waiting.offset += length;
    }
    if (waiting.offset < waiting.bytes.byteLength) return;
    this.#waiting = undefined;
    waiting.done();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#waiting = { bytes: chunk, offset: 0, done };
    this.resumeSending();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#endSent = true;
    this.#wires.sendEnd();
    done();
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isOver = this.#peerEnded && this.#endSent;
    if (!this.#peerReset && !isOver) {
      const reset =
        error instanceof StreamReset ? error : new StreamReset('closed', error?.message ?? 'the other end no longer wants this stream');
      this.#wires.sendReset(reset.code, reset.message);
    }
    this.#arrived = [];
    this.#wires.forget();
    done(error);
  }

  #deliver(): void {
    let next = this.#arrived.shift();
    while (next) {
      this.#giveCredit(next.byteLength);
      if (!this.push(next)) {
        this.#wanted = false;
        return;
      }
      next = this.#arrived.shift();
    }
    if (this.#peerEnded) {
      this.#wanted = false;
      this.push(null);
    }
  }

  #giveCredit(bytes: number): void {
    this.#taken += bytes;
    if (this.#peerEnded || this.#taken < STREAM_WINDOW_BYTES / 2) return;
    this.#allowed += this.#taken;
    this.#wires.sendCredit(this.#taken);
    this.#taken = 0;
  }
}
