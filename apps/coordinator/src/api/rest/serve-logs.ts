import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { CloudlessError, type WorkloadId } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import { authorise } from '../authorise.ts';
import type { ApiContext, Handlers } from '../call.ts';
import { getWorkload } from '../owned-rows.ts';
import { readLogs } from '../procedures/logs.ts';

const DEFAULT_TAIL = 500;
const MAX_TAIL = 5000;

function readTail(search: URLSearchParams): number {
  const text = search.get('tail') ?? String(DEFAULT_TAIL);
  const tail = /^\d{1,6}$/.test(text) ? Number(text) : Infinity;
  if (tail <= MAX_TAIL) return tail;
  throw new CloudlessError('invalid_input', `tail is a number from 0 to ${MAX_TAIL}.`, {
    issues: [{ path: 'tail', message: 'is out of range' }],
  });
}

/** Log lines of an app as newline-delimited JSON; `follow=true` goes on until the reader leaves. */
export const createLogRoute =
  ({ store, sessions }: Pick<ApiParts, 'store' | 'sessions'>, follow: Handlers['log.follow']) =>
  async (context: ApiContext, workloadId: WorkloadId, search: URLSearchParams, response: ServerResponse): Promise<void> => {
    const caller = authorise(context.caller, 'log.read');
    const tail = readTail(search);
    const { row } = getWorkload(store, workloadId, caller);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the reader left')));
    const { signal } = gone;
    const { headers } = context.origin;
    response.setHeader('cache-control', 'no-store');
    response.setHeader('content-type', 'application/x-ndjson');
    if (search.get('follow') === 'true') {
      response.writeHead(200);
      for await (const { data } of follow({ caller, input: { workloadId, tail }, headers, signal })) {
        const text = (data.kind === 'lines' ? data.lines : [data]).map((line) => `${JSON.stringify(line)}\n`).join('');
        if (!response.write(text)) await once(response, 'drain', { signal });
      }
      response.end();
      return;
    }
    const sources = store.allocationsOfWorkload(row.id).map(({ row: own }) => ({ allocationId: own.id, nodeId: own.nodeId }));
    const { lines, gaps } = await readLogs(sessions, sources, tail, signal);
    response.writeHead(200);
    response.end([...gaps.map((gap) => ({ kind: 'gap', ...gap })), ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
  };
