export {
  type AgentLink,
  type CoordinatorLink,
  type IncomingStream,
  type Link,
  type LinkClosed,
  type LinkCode,
  type LinkPath,
  type LinkReason,
  StreamReset,
} from './link.ts';
export { createLink, type AttachableLink, type LinkOptions } from './create-link.ts';
export { type LaterBulk } from './bulk-path.ts';
export { type FrameChannel, type FrameHandlers, FRAME } from './frame-channel.ts';
export { MAX_STREAMS, STREAM_WINDOW_BYTES } from './stream-limits.ts';
export { reconnectDelayMs } from './reconnect-delay.ts';
