import type { IncomingHttpHeaders } from 'node:http';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '@cloudless/proto';
import type { Caller, RequestOrigin } from '../people/people.ts';

/** What the transport knows of one request, the same for tRPC and REST. */
export type ApiContext = {
  /** Absent before sign-in. */
  readonly caller: Caller | undefined;
  readonly origin: RequestOrigin;
  /** Signs the caller in; only HTTP answers can. */
  addCookies(cookies: readonly string[]): void;
};

/** One authorised call, its input parsed. */
export type Call<N extends ProcedureName> = {
  readonly caller: Caller;
  readonly input: ProcedureInput<N>;
  readonly headers: IncomingHttpHeaders;
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
