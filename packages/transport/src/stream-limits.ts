/** Bytes that one end may send on a stream before the other has taken any. */
export const STREAM_WINDOW_BYTES = 256 * 2 ** 10;
/** Longest piece of a stream in one frame: what a short message on the same path waits for at most, per stream. */
export const STREAM_PIECE_BYTES = 32 * 2 ** 10;
/** Streams open at once on one link, in both directions together. */
export const MAX_STREAMS = 256;
/** Above this, streams wait before they queue more on the path. */
export const BULK_QUEUE_BYTES = 2 ** 20;
/** Longest frame of the bulk path. */
export const MAX_BULK_FRAME_BYTES = 64 * 2 ** 10;
/** Above this, `send` says no. */
export const CONTROL_QUEUE_BYTES = 8 * 2 ** 20;
/** Messages kept for a listener that is not there yet. */
export const MAX_EARLY_MESSAGES = 1000;
/** Above this, who goes on sending without reading is cut off: answers to frames (pong, credit, reset) are queued without asking. */
export const MAX_UNREAD_BYTES = 16 * 2 ** 20;
