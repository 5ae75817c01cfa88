import type { JoinHop } from '@cloudless/proto';
import type { LinkCode } from '../link.ts';

/** No link came about. `retry: false` means that dialling again changes nothing until a person acts. */
export class DialFailed extends Error {
  readonly code: LinkCode;
  readonly retry: boolean;
  /** Where on the way it failed. */
  readonly hop: JoinHop | undefined;
  /** Whose authority certified the outer TLS, where that is why nothing came about. */
  readonly interceptedBy: string | undefined;
  /** When the other end asked to come back, in ms. */
  readonly retryAfterMs: number | undefined;
  /** Nothing was heard within `openWithinMs`; it may only be slow. */
  readonly isSilent: boolean;
  constructor(
    code: LinkCode,
    message: string,
    options: {
      readonly retry?: boolean;
      readonly cause?: unknown;
      readonly hop?: JoinHop;
      readonly interceptedBy?: string;
      readonly retryAfterMs?: number;
      readonly isSilent?: boolean;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'DialFailed';
    this.code = code;
    this.retry = options.retry ?? true;
    this.hop = options.hop;
    this.interceptedBy = options.interceptedBy;
    this.retryAfterMs = options.retryAfterMs;
    this.isSilent = options.isSilent ?? false;
  }
}
