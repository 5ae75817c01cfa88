import { initTRPC, tracked, type AnyTRPCRouter } from '@trpc/server';
import { assert, type Clock, type Logger } from '@cloudless/kernel';
import { API, ERRORS, type CloudlessError, type Permission, type Procedure, type ProcedureName } from '@cloudless/proto';
import { z } from 'zod';
import type { ApiContext, Element, Handlers } from './call.ts';
import type { Authorise } from './denials.ts';
import { toCloudlessError } from './failure.ts';
import type { Streams } from './streams.ts';

export type RouterOptions = {
  readonly handlers: Handlers;
  readonly streams: Streams;
  readonly authorise: Authorise;
  readonly clock: Pick<Clock, 'bootMs'>;
  readonly logger: Logger;
  /** Logs faults of our own; gives the id to show. */
  readonly logFault: (error: CloudlessError, procedure: string | undefined) => string | undefined;
};

/** A handler once its kind no longer matters: the contract has checked it where it was written. */
type AnyHandler = (call: object) => Promise<object> & AsyncIterable<Element<ProcedureName>>;
type Options = { readonly ctx: ApiContext; readonly input: unknown; readonly signal: AbortSignal | undefined };

/** What callers read of a failure beside its message. */
export function describeFailure(error: CloudlessError, errorId: string | undefined) {
  const { status, remedy } = ERRORS[error.code];
  const { code, issues, params } = error;
  return {
    code,
    httpStatus: status,
    remedy,
    docs: `/docs/errors/${code}`,
    issues,
    params,
    ...(errorId === undefined ? {} : { errorId }),
  };
}

const callOf = ({ ctx, input, signal }: Options) => ({
  caller: ctx.caller,
  input,
  headers: ctx.origin.headers,
  origin: ctx.origin,
  requestId: ctx.requestId,
  addCookies: ctx.addCookies,
  signal: signal ?? new AbortController().signal,
});

/** One stream, for as long as its caller may read it and no faster than it is read. */
async function* serveStream(streams: Streams, permission: Permission, handle: AnyHandler, options: Options) {
  const call = callOf(options);
  using stream = streams.open(options.ctx, permission, call.signal);
  for await (const { id, data } of handle({ ...call, signal: stream.signal })) {
    yield tracked(id, data);
    await options.ctx.drained(stream.signal);
  }
  stream.throwIfLost();
}

/** Nothing at all is an input without fields: it need not be written. */
const withoutInput = (schema: z.ZodType) => z.preprocess((input) => (input === undefined ? {} : input), schema) as z.ZodType<object>;

/** The router of tRPC, made from the contract: its schemas, its permissions, and one handler for each name. */
export function createRouter({ handlers, streams, authorise, clock, logger, logFault }: RouterOptions): AnyTRPCRouter {
  const t = initTRPC.context<ApiContext>().create({
    errorFormatter({ shape, error, path }) {
      const told = toCloudlessError(error);
      return { ...shape, message: told.message, data: { path, ...describeFailure(told, logFault(told, path)) } };
    },
  });

  const logged = t.procedure.use(async ({ ctx, path, type, next }) => {
    const startedMs = clock.bootMs();
    const result = await next();
    const durationMs = Math.round(clock.bootMs() - startedMs);
    const code = result.ok ? undefined : toCloudlessError(result.error).code;
    const event = {
      op: 'api.call',
      procedure: path,
      outcome: result.ok ? ('ok' as const) : ('failed' as const),
      durationMs,
      callerId: ctx.caller?.id,
      'error.code': code,
    };
    logger[type === 'mutation' ? 'info' : 'debug'](event);
    return result;
  });

  function build(name: ProcedureName): unknown {
    const { kind, permission, input, output }: Procedure = API[name];
    const handle = handlers[name] as unknown as AnyHandler;
    // Who may not call it is told so before the input is looked at: a schema tells strangers something too.
    const guarded = logged.use(({ ctx, next }) => {
      if (permission !== 'public') authorise(ctx.caller, permission);
      return next();
    });
    const withInput = guarded.input(withoutInput(input));
    if (kind === 'subscription') {
      assert(permission !== 'public', 'a stream is for somebody');
      return withInput.subscription((options) => serveStream(streams, permission, handle, options));
    }
    const withOutput = withInput.output(output as z.ZodType<object>);
    const answer = (options: Options): Promise<object> => handle(callOf(options));
    return kind === 'query' ? withOutput.query(answer) : withOutput.mutation(answer);
  }

  const areas: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(API) as ProcedureName[]) {
    const [area = '', method = ''] = name.split('.');
    (areas[area] ??= {})[method] = build(name);
  }
  return t.router(areas as never) as unknown as AnyTRPCRouter;
}
