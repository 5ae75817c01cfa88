import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { nullLogger } from '@cloudless/kernel';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { openCluster } from '../open-cluster.ts';
import { openSqlite } from '../sql/sqlite/open-sqlite.ts';
import { createStore } from '../store/create-store.ts';

/** A program that commits rows until it is killed and says the id of each once it is acknowledged: `node endless-writer.ts <database file>`. */
const WRITERS = 8;
const clock = createRealClock();
const entropy = createRealEntropy();
const { driver } = await openSqlite({ path: process.argv[2] ?? '', thread: 'worker', clock });
const cluster = await openCluster({ driver, clock, entropy });
const store = await createStore({ driver, clock, entropy, logger: nullLogger, token: cluster.token });

async function write(): Promise<void> {
  for (;;) {
    const id = entropy.id('node') as NodeId;
    const outcome = await store.commit({
      id: entropy.id('batch') as BatchId,
      mutations: [{ kind: 'put', table: 'node', row: buildNodeRow('laptop', { id }), expect: 'absent' }],
    });
    if (outcome.kind === 'committed') process.stdout.write(`${id} ${outcome.revision}\n`);
  }
}
await Promise.all(Array.from({ length: WRITERS }, write));
