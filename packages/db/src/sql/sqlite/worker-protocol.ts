import type { BatchOutcome, Statement } from '../driver.ts';
import type { ConnectionOptions, QueryOutcome } from './connection.ts';

/** What the worker is started with. */
export type WorkerOptions = ConnectionOptions;

/** Messages to the worker, each answered by one of the same `ticket`. */
export type WorkerRequest =
  | { readonly kind: 'query'; readonly ticket: number; readonly statement: Statement }
  | { readonly kind: 'batch'; readonly ticket: number; readonly statements: readonly Statement[]; readonly fsyncDelayMs: number }
  | { readonly kind: 'snapshot'; readonly ticket: number; readonly path: string }
  | { readonly kind: 'close'; readonly ticket: number };

/** `ready` answers the start, with ticket 0; `failed` there means that the database did not open. */
export type WorkerAnswer = {
  readonly ticket: number;
  readonly outcome: QueryOutcome | BatchOutcome | { readonly kind: 'ready' } | { readonly kind: 'closed' };
};
