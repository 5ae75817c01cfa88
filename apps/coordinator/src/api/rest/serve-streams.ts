import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { API, CloudlessError, type Permission, type Procedure } from '@cloudless/proto';
import { z } from 'zod';
import type { ApiParts } from '../../parts.ts';
import type { ApiContext, Handlers } from '../call.ts';
import type { Authorise } from '../denials.ts';
import { parseInput } from '../failure.ts';
import { getWorkload } from '../owned-rows.ts';
import { readLogs } from '../procedures/logs.ts';
import type { Caller } from '../../people/people.ts';
import type { Streams } from '../streams.ts';
import type { StreamName } from './routes.ts';

const followed = z.enum(['true', 'false']).default('false');
/** Parameters of each stream, as an address has them: everything is text. */
export const STREAM_INPUTS = {
  logs: z.strictObject({
    workloadId: API['log.follow'].input.shape.workloadId,
    /** So many of the newest lines. */
    tail: z.coerce.number().int().min(0).max(5000).default(500),
    /** Goes on with new lines until the reader leaves. */
    follow: followed,
  }),
  'events.follow': z.strictObject({
    /** Revision of the last event that the reader has. */
    after: z.coerce.number().int().min(0).optional(),
  }),
} as const;

/** What a stream needs to be allowed. */
export const STREAM_PERMISSIONS: Readonly<Record<StreamName, Permission>> = { logs: 'log.read', 'events.follow': 'event.read' };

type Request = {
  readonly context: ApiContext;
  readonly input: Readonly<Record<string, unknown>>;
  readonly response: ServerResponse;
};
type Serving = Request & { readonly caller: Caller; readonly signal: AbortSignal };

async function write(response: ServerResponse, rows: readonly unknown[], signal: AbortSignal): Promise<void> {
  // An empty line says that all is well.
  const text = rows.length === 0 ? '\n' : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (!response.write(text)) await once(response, 'drain', { signal }).catch(() => undefined);
}

/** Streams for programs that do not speak tRPC: a JSON object a line. */
export function createStreamRoutes(
  {
    store,
    sessions,
    streams,
    authorise,
  }: Pick<ApiParts, 'store' | 'sessions'> & { readonly streams: Streams; readonly authorise: Authorise },
  handlers: Pick<Handlers, 'log.follow' | 'live.follow'>,
) {
  async function serveLogs({ caller, context, input, response, signal }: Serving): Promise<void> {
    const { workloadId, tail, follow } = parseInput(STREAM_INPUTS.logs, input);
    const { row } = getWorkload(store, workloadId, caller);
    if (follow === 'true') {
      const { headers } = context.origin;
      for await (const { data } of handlers['log.follow']({ caller, input: { workloadId, tail }, headers, requestId: undefined, signal })) {
        await write(response, data.kind === 'lines' ? data.lines : [data], signal);
      }
      return;
    }
    const sources = store.allocationsOfWorkload(row.id).map(({ row: own }) => ({ allocationId: own.id, nodeId: own.nodeId }));
    const { lines, gaps } = await readLogs(sessions, sources, tail, signal);
    const rows = [...gaps.map((gap) => ({ kind: 'gap', ...gap })), ...lines];
    if (rows.length > 0) await write(response, rows, signal);
  }

  async function serveEvents({ caller, context, input, response, signal }: Serving): Promise<void> {
    const { after } = parseInput(STREAM_INPUTS['events.follow'], input);
    const since = after === undefined ? {} : { lastEventId: String(after) };
    const { headers } = context.origin;
    for await (const { data } of handlers['live.follow']({ caller, input: since, headers, requestId: undefined, signal })) {
      if (data.kind === 'event') await write(response, [data.event], signal);
      else if (data.kind === 'tick') await write(response, [], signal);
      // What was missed is gone: the reader lists again.
      else if (data.kind === 'reset') throw new CloudlessError('cursor_expired', 'The events after this revision are not all kept.');
    }
  }

  const serve = { logs: serveLogs, 'events.follow': serveEvents } as const;

  /** Who leaves or loses the right to read ends the stream. @throws CloudlessError, before the first line as problem+json */
  return async (name: StreamName, request: Request): Promise<void> => {
    const { context, response } = request;
    const permission = STREAM_PERMISSIONS[name];
    const caller = authorise(context.caller, permission);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the reader left')));
    using stream = streams.open(context, permission, gone.signal);
    response.setHeader('cache-control', 'no-store');
    response.setHeader('content-type', 'application/x-ndjson');
    await serve[name]({ ...request, caller, signal: stream.signal });
    stream.throwIfLost();
    response.end();
  };
}

export type ServeStream = ReturnType<typeof createStreamRoutes>;
/** Of the contract, what a stream is made of. */
export const STREAM_OUTPUTS: Readonly<Record<StreamName, Procedure['output']>> = {
  logs: z.union([API['log.follow'].output.options[0].shape.lines.element, API['log.follow'].output.options[1]]),
  'events.follow': API['event.list'].output.shape.rows.element,
};
