import { initTRPC, tracked, type AnyTRPCRouter } from '@trpc/server';
import { API, ERRORS, type Procedure, type ProcedureName } from '@cloudless/proto';
import type { OpenApiMeta } from 'trpc-to-openapi';
import { z } from 'zod';
import { authorise } from './authorise.ts';
import type { ApiContext, Element, Handlers } from './call.ts';
import { toCloudlessError } from './failure.ts';

export type RouterOptions = {
  readonly handlers: Handlers;
  /** Logs faults of our own; gives the id to show. */
  readonly logFault: (error: ReturnType<typeof toCloudlessError>, procedure: string | undefined) => string | undefined;
};

/** A handler once its kind no longer matters: the contract has checked it where it was written. */
type AnyHandler = (call: unknown) => Promise<unknown> & AsyncIterable<Element<ProcedureName>>;

/** OpenAPI's description of a procedure that has a REST address. */
function metaOf(name: string, { rest, summary, permission }: Procedure): OpenApiMeta {
  if (!rest) return {};
  return {
    openapi: {
      method: rest.method,
      path: rest.path,
      summary,
      operationId: name,
      tags: [name.split('.', 1)[0] ?? name],
      protect: permission !== 'public',
    },
  };
}

/** The router of tRPC, made from the contract: its schemas, its permissions, and one handler for each name. */
export function createRouter({ handlers, logFault }: RouterOptions): AnyTRPCRouter {
  const t = initTRPC
    .context<ApiContext>()
    .meta<OpenApiMeta>()
    .create({
      errorFormatter({ shape, error, path }) {
        const told = toCloudlessError(error);
        const { status, remedy } = ERRORS[told.code];
        const errorId = logFault(told, path);
        return {
          ...shape,
          message: told.message,
          data: {
            code: told.code,
            httpStatus: status,
            path,
            remedy,
            issues: told.issues,
            params: told.params,
            ...(errorId === undefined ? {} : { errorId }),
          },
        };
      },
    });

  function build(name: ProcedureName): unknown {
    const contract: Procedure = API[name];
    const handle = handlers[name] as unknown as AnyHandler;
    const callOf = ({ ctx, input, signal }: { ctx: ApiContext; input: unknown; signal: AbortSignal | undefined }) => ({
      ...(contract.permission === 'public' ? {} : { caller: authorise(ctx.caller, contract.permission) }),
      input,
      headers: ctx.origin.headers,
      origin: ctx.origin,
      addCookies: ctx.addCookies,
      signal: signal ?? new AbortController().signal,
    });
    // Who may not call it is told so before the input is looked at: a schema tells strangers something too.
    const guarded = t.procedure.meta(metaOf(name, contract)).use(({ ctx, next }) => {
      if (contract.permission !== 'public') authorise(ctx.caller, contract.permission);
      return next();
    });
    const withInput = guarded.input(contract.input as z.ZodType<object>);
    if (contract.kind === 'subscription') {
      return withInput.subscription(async function* (options) {
        for await (const { id, data } of handle(callOf(options))) yield tracked(id === '' ? '-' : id, data);
      });
    }
    const withOutput = withInput.output(contract.output as z.ZodType<object>);
    const answer = (options: Parameters<typeof callOf>[0]): Promise<object> =>
      handle(callOf(options)) as Promise<unknown> as Promise<object>;
    return contract.kind === 'query' ? withOutput.query(answer) : withOutput.mutation(answer);
  }

  const areas: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(API) as ProcedureName[]) {
    const [area = '', method = ''] = name.split('.');
    (areas[area] ??= {})[method] = build(name);
  }
  return t.router(areas as never) as unknown as AnyTRPCRouter;
}
