import type { TRPCUntypedClient } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import type { CloudlessError } from '@cloudless/proto';
import type { FollowHandlers, Following, FollowState } from './client-type.ts';
import { isTransient, toClientError } from './client-error.ts';
import { delay, retryDelayMs } from './delay.ts';

export type FollowOptions = {
  readonly client: Pick<TRPCUntypedClient<AnyTRPCRouter>, 'subscription'>;
  readonly name: string;
  readonly input: unknown;
  readonly url: string;
  /** Asks over HTTP whether the caller is still signed in: a socket that is refused does not say why. */
  readonly findRefusal: () => Promise<CloudlessError | undefined>;
};

type Element = { readonly data: unknown; readonly eventId: string | undefined };

/**
 * A `tracked` element of tRPC arrives as `{ id, data }`. Elements of the contract are unions on `kind`, so the two cannot be confused.
 */
function readElement(raw: unknown): Element {
  if (typeof raw === 'object' && raw !== null && !('kind' in raw) && 'id' in raw && 'data' in raw && typeof raw.id === 'string') {
    return { data: raw.data, eventId: raw.id };
  }
  return { data: raw, eventId: undefined };
}

const withCursor = (input: unknown, lastEventId: string | undefined): unknown =>
  lastEventId === undefined ? input : { ...(input as object | undefined), lastEventId };

/**
 * One stream that outlives sockets. The socket comes back by itself and resumes; what is done here is the stream that the server ended
 * or could not serve for now: it is asked for again from the last event, with a growing wait, for as long as somebody follows.
 */
export function follow({ client, name, input, url, findRefusal }: FollowOptions, handlers: FollowHandlers<unknown>): Following {
  const attempted = { name, kind: 'subscription', url } as const;
  let state: FollowState | undefined;
  let lastEventId: string | undefined;
  let attempt = 0;
  let isClosed = false;
  let cancel = (): void => undefined;

  function enter(next: FollowState): void {
    if (isClosed || state === next) return;
    state = next;
    handlers.onState?.(next);
  }
  const lose = (): void => enter(state === undefined || state === 'connecting' ? 'connecting' : 'reconnecting');

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    handlers.signal?.removeEventListener('abort', close);
    cancel();
  }

  function fail(error: CloudlessError): void {
    close();
    handlers.onError?.(error);
  }

  function again(): void {
    if (isClosed) return;
    lose();
    cancel = delay(retryDelayMs(attempt), open);
    attempt += 1;
  }

  function open(): void {
    const subscription = client.subscription(name, withCursor(input, lastEventId), {
      onConnectionStateChange: (connection) => {
        if (connection.state !== 'connecting') return;
        lose();
        if (connection.error) void findRefusal().then((refusal) => refusal && !isClosed && fail(refusal));
      },
      onStarted: () => enter('live'),
      onData: (raw) => {
        if (isClosed) return;
        const { data, eventId } = readElement(raw);
        attempt = 0;
        lastEventId = eventId ?? lastEventId;
        enter('live');
        handlers.onData(data, eventId);
      },
      onError: (cause) => {
        if (isClosed) return;
        const error = toClientError(cause, attempted);
        if (isTransient(error.code)) again();
        else fail(error);
      },
      onComplete: again,
    });
    cancel = () => subscription.unsubscribe();
  }

  if (handlers.signal?.aborted) return { close };
  handlers.signal?.addEventListener('abort', close, { once: true });
  enter('connecting');
  open();
  return { close };
}
