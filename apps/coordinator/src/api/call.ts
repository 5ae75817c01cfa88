import type { IncomingHttpHeaders } from 'node:http';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '@cloudless/proto';
import type { Caller, RequestOrigin } from '../people/people.ts';

/** What the transport knows of one request (of a WebSocket: of its opening), the same for tRPC and REST. */
export type ApiContext = {
  /** Absent before sign-in. */
  readonly caller: Caller | undefined;
  readonly origin: RequestOrigin;
  /** The same for each repetition of a request: a repeated create finds what the first one made. */
  readonly requestId?: string | undefined;
  /** Signs the caller in; only HTTP answers can. */
  addCookies(cookies: readonly string[]): void;
  /** Resolves when the reader has taken nearly all that was sent. */
  drained(signal: AbortSignal): Promise<void>;
};

/** One authorised call, its input parsed. */
export type Call<N extends ProcedureName> = {
  readonly caller: Caller;
  readonly input: ProcedureInput<N>;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string | undefined;
  readonly signal: AbortSignal;
};
export type PublicCall<N extends ProcedureName> = {
  readonly input: ProcedureInput<N>;
  readonly origin: RequestOrigin;
  addCookies(cookies: readonly string[]): void;
};

/** One element of a stream with the id that resumes after it. */
export type Element<N extends ProcedureName> = { readonly id: string; readonly data: ProcedureOutput<N> };

type Streamed = 'live.follow' | 'log.follow';
type Public = 'claim.state' | 'claim.submit' | 'recovery.submit';

/** Every procedure of the contract; a missing one does not compile. */
export type Handlers = {
  readonly [N in ProcedureName]: N extends Streamed
    ? (call: Call<N>) => AsyncIterable<Element<N>>
    : N extends Public
      ? (call: PublicCall<N>) => Promise<ProcedureOutput<N>>
      : (call: Call<N>) => Promise<ProcedureOutput<N>>;
};
