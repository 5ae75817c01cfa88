/** A value that never reaches a log, a trace or JSON: it prints as `[secret]`. */
export type Secret = { readonly kind: 'secret'; toJSON(): string; toString(): string };

const revealed = new WeakMap<Secret, string>();

/** Wraps `value` so that logging or serialising it shows `[secret]`; `revealSecret` gives it back. */
export function secret(value: string): Secret {
  const wrapped: Secret = { kind: 'secret', toJSON: () => '[secret]', toString: () => '[secret]' };
  revealed.set(wrapped, value);
  return wrapped;
}

export function revealSecret(wrapped: Secret): string {
  const value = revealed.get(wrapped);
  if (value === undefined) throw new Error('invariant broken: a secret was copied instead of passed on');
  return value;
}

export type WideEventValue = string | number | boolean | null | undefined | Secret | readonly string[];

/**
 * One flat event per unit of work: `op` names the unit (`allocation.start`), `outcome` how it ended, and every id that a reader
 * would search for stands beside them.
 */
export type WideEvent = {
  readonly op: string;
  readonly outcome?: 'ok' | 'failed' | 'refused' | 'aborted';
  readonly durationMs?: number;
  readonly [key: string]: WideEventValue;
};

export interface Logger {
  debug(event: WideEvent): void;
  info(event: WideEvent): void;
  warn(event: WideEvent, cause?: unknown): void;
  error(event: WideEvent, cause?: unknown): void;
  /** A logger whose events also carry `fields`. */
  with(fields: Readonly<Record<string, WideEventValue>>): Logger;
}

/** Drops everything; for pure tests. */
export const nullLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => nullLogger,
};
