import type { LinkCode } from '../link.ts';

/** No link came about. `retry: false` means that dialling again changes nothing until a person acts. */
export class DialFailed extends Error {
  readonly code: LinkCode;
  readonly retry: boolean;
  constructor(code: LinkCode, message: string, options: { readonly retry?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'DialFailed';
    this.code = code;
    this.retry = options.retry ?? true;
  }
}
