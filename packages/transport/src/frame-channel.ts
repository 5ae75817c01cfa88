import type { LinkCode } from './link.ts';

export type FrameHandlers = {
  frame(frame: Uint8Array): void;
  /** Once; `fault` names what the other end broke, absent when the path ended. */
  closed(fault?: { readonly code: LinkCode; readonly message: string }): void;
};

/** An ordered, reliable path of frames: what a link needs two of. A frame is one kind byte and its payload. */
export interface FrameChannel {
  /** Queues one frame and takes ownership of its bytes. Ignored after the end. */
  write(frame: Uint8Array): void;
  /** Hands what is queued to the network at once, as far as it takes it. */
  flush(): void;
  /** Bytes that the path has not taken yet. */
  readonly queuedBytes: number;
  /** Called when `queuedBytes` has fallen after it was high. */
  onDrain(listener: () => void): void;
  /** Frames wait while nobody receives. */
  receive(handlers: FrameHandlers | undefined): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Kinds of frames, by their first byte. */
export const FRAME = {
  preamble: 1,
  message: 2,
  close: 3,
  ping: 4,
  pong: 5,
  /** On the control path, to the dialler: the bulk path is to be brought now. */
  wantBulk: 6,
  streamOpen: 16,
  streamAccept: 17,
  streamBytes: 18,
  streamCredit: 19,
  streamEnd: 20,
  streamReset: 21,
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const jsonPayload = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

export function jsonFrame(kind: number, value: unknown): Uint8Array {
  const text = jsonPayload(value);
  const frame = new Uint8Array(text.byteLength + 1);
  frame[0] = kind;
  frame.set(text, 1);
  return frame;
}

/** `undefined` when the payload is not JSON in UTF-8. */
export function parseJsonPayload(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload)) as unknown;
  } catch {
    return undefined;
  }
}

/** `kind`, the stream's id as u32 big-endian, and the payload. */
export function streamFrame(kind: number, streamId: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(5 + payload.byteLength);
  frame[0] = kind;
  new DataView(frame.buffer).setUint32(1, streamId);
  frame.set(payload, 5);
  return frame;
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** `undefined` when fewer than four bytes are left. */
export function readU32(bytes: Uint8Array, offset: number): number | undefined {
  if (bytes.byteLength < offset + 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
