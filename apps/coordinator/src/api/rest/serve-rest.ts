import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyTRPCRouter } from '@trpc/server';
import type { Clock } from '@cloudless/kernel';
import { API, CloudlessError, ERRORS, type Procedure, type ProcedureName, type WorkloadId } from '@cloudless/proto';
import { authorise } from '../authorise.ts';
import type { ApiContext } from '../call.ts';
import { toCloudlessError } from '../failure.ts';
import { createIdempotency, type Answer } from './idempotency.ts';
import { readInput } from './read-input.ts';
import { matchRoute } from './routes.ts';

export type RestOptions = {
  readonly router: AnyTRPCRouter;
  readonly clock: Pick<Clock, 'now'>;
  readonly contextOf: (request: IncomingMessage, response: ServerResponse) => Promise<ApiContext>;
  readonly logFault: (error: CloudlessError, procedure: string | undefined) => string | undefined;
  readonly serveLogs: (context: ApiContext, workloadId: WorkloadId, search: URLSearchParams, response: ServerResponse) => Promise<void>;
  readonly document: () => object;
};

type Caller = Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
const ROOT = '/api/v1';
const JSON_TYPE = 'application/json';

/** RFC 9457. */
function problemOf(error: CloudlessError, id: string | undefined): Answer {
  const { title, remedy, status } = ERRORS[error.code];
  const { code, message, issues, params } = error;
  const body = {
    type: `/docs/errors/${code}`,
    title,
    status,
    detail: message,
    code,
    remedy,
    issues,
    params,
    ...(id === undefined ? {} : { id }),
  };
  return { status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(body) };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'cache-control': 'no-store', ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const CREATES: ReadonlySet<ProcedureName> = new Set(['workload.create', 'node.createJoinToken']);

function answerOf(name: ProcedureName, output: unknown): Answer {
  const generation = (output as { generation?: unknown }).generation;
  const etag = typeof generation === 'number' ? { etag: `"${generation}"` } : undefined;
  const id = (output as { id?: unknown }).id;
  const location = name === 'workload.create' && typeof id === 'string' ? { location: `${ROOT}/workloads/${id}` } : undefined;
  return {
    status: CREATES.has(name) ? 201 : 200,
    headers: { 'content-type': JSON_TYPE, ...etag, ...location },
    body: JSON.stringify(output),
  };
}

/** REST over the same procedures: what `openapi.json` describes. */
export function createRest(options: RestOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { router, clock, contextOf, logFault } = options;
  const once = createIdempotency(clock);

  async function call(name: ProcedureName, context: ApiContext, input: unknown): Promise<Answer> {
    const [area = '', method = ''] = name.split('.');
    const caller = router.createCaller(context) as unknown as Caller;
    const run = caller[area]?.[method];
    if (!run) throw new CloudlessError('not_found', `There is no procedure ${name}.`);
    return answerOf(name, await run(input));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://coordinator');
    const path = pathname.slice(ROOT.length) || '/';
    const method = request.method ?? 'GET';
    if (method === 'GET' && path === '/openapi.json') {
      return { status: 200, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(options.document()) };
    }
    const context = await contextOf(request, response);
    const logs = /^\/workloads\/(wl_[a-z2-7]{26})\/logs$/.exec(path)?.[1];
    if (method === 'GET' && logs !== undefined) return void (await options.serveLogs(context, logs as WorkloadId, searchParams, response));
    const match = matchRoute(method, path);
    if ('methods' in match) {
      if (match.methods.length === 0) throw new CloudlessError('not_found', `There is nothing at ${pathname}.`);
      const refused = problemOf(
        new CloudlessError('invalid_input', `${pathname} takes ${match.methods.join(', ')}, not ${method}.`),
        undefined,
      );
      return { ...refused, status: 405, headers: { ...refused.headers, allow: match.methods.join(', ') } };
    }
    const contract: Procedure = API[match.name];
    if (contract.permission !== 'public') authorise(context.caller, contract.permission);
    const { input, bodyText } = await readInput(request, contract, match.params, searchParams);
    const key = request.headers['idempotency-key'];
    if (contract.kind !== 'mutation' || typeof key !== 'string' || key === '') return call(match.name, context, input);
    const owner = context.caller?.id ?? 'nobody';
    return once(owner, key, `${method} ${path}\n${bodyText}`, () => call(match.name, context, input));
  }

  return async (request, response) => {
    try {
      const answer = await serve(request, response);
      if (answer) send(response, answer);
    } catch (cause) {
      const error = toCloudlessError(cause);
      send(response, problemOf(error, logFault(error, `${request.method ?? ''} ${request.url?.split('?', 1)[0] ?? ''}`)));
    }
  };
}
