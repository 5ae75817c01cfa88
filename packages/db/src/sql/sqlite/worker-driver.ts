import { Worker } from 'node:worker_threads';
import { assert, createBoundedQueue } from '@cloudless/kernel';
import type { BatchOutcome, SqlFailure } from '../driver.ts';
import { failedQuery, overloaded, unavailable } from '../failures.ts';
import type { ConnectionOptions } from './connection.ts';
import type { SqliteDriver } from './create-sqlite-driver.ts';
import type { WorkerAnswer, WorkerOptions, WorkerRequest } from './worker-protocol.ts';

type WorkerDriverOptions = ConnectionOptions & {
  readonly deadlineMs: number;
  readonly queueLimit: number;
  readonly fsyncDelayMs: () => number;
};

type Outcome = WorkerAnswer['outcome'];
type Request = WorkerRequest extends infer R ? (R extends WorkerRequest ? Omit<R, 'ticket'> : never) : never;
type Pending = {
  readonly request: Request;
  /** Settles once; later calls do nothing. */
  readonly settle: (outcome: Outcome) => void;
  isSettled: boolean;
  isSent: boolean;
};

/** Requests handed to the worker and not answered: enough to keep it busy, few enough that a deadline still finds most unsent. */
const IN_FLIGHT_LIMIT = 4;
const CLOSED = unavailable('the database is closed');

const refusedBatch = (failure: SqlFailure): BatchOutcome => ({ kind: 'failed', failure, statement: -1 });

/** Serves requests in order in one worker thread: writes block that thread, never the caller's event loop. */
export async function createWorkerDriver(options: WorkerDriverOptions): Promise<SqliteDriver> {
  const workerOptions: WorkerOptions = { path: options.path, busyTimeoutMs: options.busyTimeoutMs };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: workerOptions });
  // One place more than the limit, kept for `close`.
  const waiting = createBoundedQueue<Pending>(options.queueLimit + 1);
  const sent = new Map<number, Pending>();
  let lastTicket = 0;
  let isStopping = false;
  let death: SqlFailure | undefined;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  function pump(): void {
    while (sent.size < IN_FLIGHT_LIMIT) {
      const next = waiting.shift();
      if (!next) return;
      if (next.isSettled) continue;
      lastTicket += 1;
      try {
        worker.postMessage({ ...next.request, ticket: lastTicket } satisfies WorkerRequest);
      } catch (error) {
        next.settle(refusedBatch({ kind: 'refused', message: `a parameter cannot be sent: ${String(error)}` }));
        continue;
      }
      next.isSent = true;
      sent.set(lastTicket, next);
    }
  }

  function submit(request: Request): { readonly pending: Pending; readonly outcome: Promise<Outcome> } {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const pending: Pending = {
      request,
      isSettled: false,
      isSent: false,
      settle(outcome) {
        pending.isSettled = true;
        resolve(outcome);
      },
    };
    if (death ?? (isStopping && request.kind !== 'close')) pending.settle(refusedBatch(death ?? CLOSED));
    else if (waiting.size >= options.queueLimit && request.kind !== 'close') pending.settle(refusedBatch(overloaded(options.queueLimit)));
    else {
      waiting.push(pending);
      pump();
    }
    return { pending, outcome: promise };
  }

  /** The thread is gone: what was sent is unknown, what was not did not happen. */
  function die(reason: string): void {
    death ??= isStopping ? CLOSED : unavailable(`the database thread ended: ${reason}`);
    for (const pending of sent.values())
      pending.settle(pending.request.kind === 'batch' ? { kind: 'unknown', reason } : refusedBatch(death));
    sent.clear();
    for (let next = waiting.shift(); next; next = waiting.shift()) next.settle(refusedBatch(death));
  }

  const opened = Promise.withResolvers<void>();
  worker.on('message', ({ ticket, outcome }: WorkerAnswer) => {
    if (ticket === 0) {
      if (outcome.kind === 'failed') opened.reject(new Error(outcome.failure.message));
      else opened.resolve();
      return;
    }
    sent.get(ticket)?.settle(outcome);
    sent.delete(ticket);
    pump();
  });
  worker.on('error', (error: unknown) => {
    opened.reject(error);
    die(String(error));
  });
  worker.on('exit', (code) => {
    opened.reject(new Error(`the database thread ended with code ${code}`));
    die(`exit code ${code}`);
  });
  await opened.promise;

  async function read(request: Request, signal?: AbortSignal): Promise<Outcome> {
    signal?.throwIfAborted();
    const { pending, outcome } = submit(request);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => {
      pending.isSettled = true;
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = await Promise.race([outcome, aborted]);
      if (answer.kind === 'failed') throw failedQuery(answer.failure);
      return answer;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  return {
    async query(statement, { signal } = {}) {
      const answer = await read({ kind: 'query', statement }, signal);
      assert(answer.kind === 'rows', 'a read is answered with rows');
      return answer.rows;
    },
    async batch(statements, { deadlineMs = options.deadlineMs }) {
      const { pending, outcome } = submit({ kind: 'batch', statements, fsyncDelayMs: options.fsyncDelayMs() });
      const timer = setTimeout(() => {
        const late = `no answer within ${deadlineMs} ms`;
        pending.settle(
          pending.isSent ? { kind: 'unknown', reason: late } : refusedBatch({ kind: 'deadline', message: `${late}, not sent` }),
        );
      }, deadlineMs);
      const answer = await outcome;
      clearTimeout(timer);
      if (answer.kind === 'failed') return { statement: -1, ...answer };
      assert(answer.kind === 'committed' || answer.kind === 'unknown', 'a batch is answered with its outcome');
      return answer;
    },
    async snapshot(path) {
      await read({ kind: 'snapshot', path });
    },
    async stop() {
      if (!isStopping) {
        isStopping = true;
        const { outcome } = submit({ kind: 'close' });
        await outcome;
      }
      await exited;
    },
  };
}
