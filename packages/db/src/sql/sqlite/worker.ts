import { parentPort, workerData } from 'node:worker_threads';
import { unreachable } from '@cloudless/kernel';
import { blockThread } from './block-thread.ts';
import { openSqliteConnection, type SqliteConnection } from './connection.ts';
import { toFailure } from './failure.ts';
import type { WorkerAnswer, WorkerOptions, WorkerRequest } from './worker-protocol.ts';

function serve(connection: SqliteConnection, request: WorkerRequest): WorkerAnswer['outcome'] {
  switch (request.kind) {
    case 'query':
      return connection.query(request.statement);
    case 'batch':
      return connection.batch(request.statements, () => blockThread(request.fsyncDelayMs));
    case 'snapshot':
      return connection.snapshot(request.path);
    case 'close':
      connection.close();
      return { kind: 'closed' };
    default:
      return unreachable(request);
  }
}

function start(): void {
  const port = parentPort;
  if (!port) return;
  const answer = (ticket: number, outcome: WorkerAnswer['outcome']): void => port.postMessage({ ticket, outcome } satisfies WorkerAnswer);
  try {
    const connection = openSqliteConnection(workerData as WorkerOptions);
    port.on('message', (request: WorkerRequest) => {
      answer(request.ticket, serve(connection, request));
      if (request.kind === 'close') port.close();
    });
    answer(0, { kind: 'ready' });
  } catch (error) {
    answer(0, { kind: 'failed', failure: toFailure(error), statement: -1 });
    port.close();
  }
}

start();
