import type { Duplex } from 'node:stream';
import type { FrameChannel, FrameHandlers } from '../frame-channel.ts';

const PREFIX_BYTES = 4;
/** Up to here a frame is sent in one piece with its length: the copy costs less than a second write. */
const MAX_COPIED_BYTES = 16 * 1024;

export interface DuplexChannel extends FrameChannel {
  /** Longest frame that is taken from now on, in bytes. */
  setMaxFrame(bytes: number): void;
}

function prefixOf({ byteLength }: Uint8Array): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix.writeUInt32BE(byteLength, 0);
  return prefix;
}

/**
 * Frames over a byte stream: each behind its length as u32 big-endian. The first of a turn goes at once, so that a message waits for nothing that its
 * sender does afterwards; the others of that turn share a write.
 */
export function createDuplexChannel(duplex: Duplex, maxFrameBytes: number): DuplexChannel {
  let max = maxFrameBytes;
  let handlers: FrameHandlers | undefined;
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  let isOver = false;
  let isTold = false;
  let onDrain: () => void = () => undefined;

  function tell(fault?: Parameters<FrameHandlers['closed']>[0]): void {
    isOver = true;
    if (isTold || !handlers) return;
    isTold = true;
    pieces = [];
    handlers.closed(fault);
  }

  function nextFrame(): Buffer | undefined {
    if (pieceBytes < PREFIX_BYTES) return undefined;
    const first = pieces[0];
    let head = first && first.byteLength >= PREFIX_BYTES ? first : Buffer.concat(pieces);
    const length = head.readUInt32BE(0);
    if (length === 0 || length > max) {
      tell({ code: 'oversized', message: `a frame of ${length} bytes is over the limit of ${max}` });
      return undefined;
    }
    if (pieceBytes < PREFIX_BYTES + length) {
      if (head !== first) pieces = [head];
      return undefined;
    }
    if (head.byteLength < PREFIX_BYTES + length) head = Buffer.concat(pieces);
    const rest = head === first ? pieces.slice(1) : [];
    const left = head.subarray(PREFIX_BYTES + length);
    pieces = left.byteLength > 0 ? [left, ...rest] : rest;
    pieceBytes -= PREFIX_BYTES + length;
    return head.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  }

  function pump(): void {
    while (handlers && !isTold) {
      const frame = nextFrame();
      if (!frame) return;
      handlers.frame(frame);
    }
  }

  duplex.on('data', (piece: Buffer) => {
    // After a fault, what still comes is read and dropped, so that the other end gets to read why.
    if (isTold) return;
    pieces.push(piece);
    pieceBytes += piece.byteLength;
    pump();
    // Nobody receives: leave the rest to the sender's window.
    if (!handlers) duplex.pause();
  });
  duplex.on('drain', () => onDrain());
  duplex.on('error', () => tell());
  duplex.on('end', () => tell());
  duplex.on('close', () => tell());

  return {
    write(frame) {
      if (duplex.destroyed || duplex.writableEnded) return;
      if (duplex.writableCorked === 0 && frame.byteLength <= MAX_COPIED_BYTES) {
        duplex.write(Buffer.concat([prefixOf(frame), frame]));
        duplex.cork();
      } else {
        duplex.cork();
        duplex.write(prefixOf(frame));
        duplex.write(frame);
      }
      process.nextTick(() => duplex.uncork());
    },
    flush() {
      while (duplex.writableCorked > 0) duplex.uncork();
    },
    get queuedBytes() {
      return duplex.writableLength;
    },
    onDrain(listener) {
      onDrain = listener;
    },
    receive(next) {
      handlers = next;
      if (!next) return;
      pump();
      if (isOver) tell();
      else duplex.resume();
    },
    end() {
      if (duplex.destroyed) return;
      duplex.end();
      // What still arrives is of no use; reading on lets the close come through.
      duplex.resume();
    },
    destroy: () => void duplex.destroy(),
    setMaxFrame(bytes) {
      max = bytes;
    },
  };
}
