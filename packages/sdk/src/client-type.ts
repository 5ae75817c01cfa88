import type { API, CloudlessError, ProcedureName, ProcedureOutput } from '@cloudless/proto';
import type { z } from 'zod';

/** What a caller passes: fields that have a default may be left out, ids are plain strings. */
export type CallInput<P extends ProcedureName> = z.input<(typeof API)[P]['input']>;

export type CallOptions = {
  /** Gives up; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
};

/** `live`: what is shown is current. `reconnecting`: it was, and comes back by itself. */
export type FollowState = 'connecting' | 'live' | 'reconnecting';

export type FollowHandlers<Element> = {
  /** One element. `eventId` resumes after it: pass it as `lastEventId` of a later call. Absent when the stream has no cursor. */
  readonly onData: (element: Element, eventId?: string) => void;
  /** The stream has ended for good: asking again as it is would fail again. */
  readonly onError?: (error: CloudlessError) => void;
  readonly onState?: (state: FollowState) => void;
  /** Ends the stream, as `close` does. */
  readonly signal?: AbortSignal;
};

export type Following = {
  /** Ends the stream; no handler is called afterwards. Idempotent. */
  close(): void;
};

type Ask<P extends ProcedureName> =
  Record<never, never> extends CallInput<P>
    ? (input?: CallInput<P>, options?: CallOptions) => Promise<ProcedureOutput<P>>
    : (input: CallInput<P>, options?: CallOptions) => Promise<ProcedureOutput<P>>;

type Follow<P extends ProcedureName> = (input: CallInput<P>, handlers: FollowHandlers<ProcedureOutput<P>>) => Following;

type Call<P extends ProcedureName> = (typeof API)[P]['kind'] extends 'subscription' ? Follow<P> : Ask<P>;

type Area = ProcedureName extends `${infer A}.${string}` ? A : never;

/** Every procedure of the contract: `workload.list` is `client.workload.list`. */
export type Calls = {
  readonly [A in Area]: { readonly [P in ProcedureName as P extends `${A}.${infer Method}` ? Method : never]: Call<P> };
};

export type CloudlessClient = Calls & {
  /** Ends every stream and closes the socket. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};
