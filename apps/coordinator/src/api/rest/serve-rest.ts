import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyTRPCRouter } from '@trpc/server';
import { API, CloudlessError, type Procedure, type ProcedureName } from '@cloudless/proto';
import type { ApiContext } from '../call.ts';
import type { Authorise } from '../denials.ts';
import { toCloudlessError } from '../failure.ts';
import { answerOf, JSON_TYPE, problemOf, REST_ROOT, send, type Answer } from './answers.ts';
import type { Idempotency } from './idempotency.ts';
import { readInput } from './read-input.ts';
import { isStream, matchRoute } from './routes.ts';
import type { ServeStream } from './serve-streams.ts';

export type RestOptions = {
  readonly router: AnyTRPCRouter;
  readonly idempotency: Idempotency;
  readonly authorise: Authorise;
  readonly contextOf: (request: IncomingMessage, response: ServerResponse) => Promise<ApiContext>;
  readonly logFault: (error: CloudlessError, procedure: string | undefined) => string | undefined;
  readonly serveStream: ServeStream;
  readonly document: () => object;
};

type Calls = Readonly<Record<string, Readonly<Record<string, (input: unknown) => Promise<object>>>>>;

/** Its answer is a secret, which is stored nowhere: each request makes another. */
const NEVER_REPEATED: ReadonlySet<ProcedureName> = new Set(['node.createJoinToken']);

function refuseMethod(path: string, method: string, methods: readonly string[]): Answer {
  const refused = problemOf(new CloudlessError('invalid_input', `${path} takes ${methods.join(', ')}, not ${method}.`));
  return { ...refused, status: 405, headers: { ...refused.headers, allow: methods.join(', ') } };
}

/** REST over the same procedures: what `openapi.json` describes. */
export function createRest(options: RestOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { router, idempotency, authorise, contextOf, logFault } = options;

  async function call(name: ProcedureName, context: ApiContext, input: unknown): Promise<Answer> {
    const [area = '', method = ''] = name.split('.');
    const run = (router.createCaller(context) as unknown as Calls)[area]?.[method];
    if (!run) throw new CloudlessError('not_found', `There is no procedure ${name}.`);
    return answerOf(name, await run(input));
  }

  async function serveProcedure(
    request: IncomingMessage,
    context: ApiContext,
    match: { readonly name: ProcedureName; readonly params: Readonly<Record<string, string>> },
    url: URL,
  ): Promise<Answer> {
    const { name, params } = match;
    const contract: Procedure = API[name];
    // Before a body is read.
    const caller = contract.permission === 'public' ? undefined : authorise(context.caller, contract.permission);
    const { fields, bodyText } = await readInput(request, contract, params, url.searchParams);
    const key = request.headers['idempotency-key'];
    if (contract.kind !== 'mutation' || !caller || typeof key !== 'string' || key === '' || NEVER_REPEATED.has(name)) {
      return call(name, context, fields);
    }
    const sent = [request.method, url.pathname + url.search, request.headers['if-match'] ?? '', bodyText].join('\n');
    const requestId = `${caller.id}/${key}\n${sent}`;
    return idempotency.once({ caller, key, request: sent }, () => call(name, { ...context, requestId }, fields));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const url = new URL(request.url ?? '/', 'http://coordinator');
    const path = url.pathname.slice(REST_ROOT.length) || '/';
    const method = request.method ?? 'GET';
    if (method === 'GET' && path === '/openapi.json') {
      return { status: 200, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(options.document()) };
    }
    const match = matchRoute(method, path);
    if ('methods' in match) {
      if (match.methods.length > 0) return refuseMethod(url.pathname, method, match.methods);
      throw new CloudlessError('not_found', `There is nothing at ${url.pathname}.`);
    }
    const context = await contextOf(request, response);
    const { name, params } = match;
    if (!isStream(name)) return serveProcedure(request, context, { name, params }, url);
    await options.serveStream(name, { context, response, input: { ...Object.fromEntries(url.searchParams), ...params } });
    return undefined;
  }

  return async (request, response) => {
    try {
      const answer = await serve(request, response);
      if (answer) send(response, answer);
    } catch (cause) {
      const error = toCloudlessError(cause);
      const [path = ''] = (request.url ?? '').split('?', 1);
      send(response, problemOf(error, logFault(error, `${request.method ?? ''} ${path}`)));
    }
  };
}
