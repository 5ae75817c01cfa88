import { copyFile, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { startCluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { untilEnded } from '../src/chaos/program.ts';

const PAGE = 4096;

async function overwrite(path: string, at: number, bytes: Buffer): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.byteLength, at);
}

const pagesOf = async (database: string): Promise<number> => Math.floor((await stat(database)).size / PAGE);

const DAMAGES: Readonly<Record<string, (database: string) => Promise<void>>> = {
  'its first bytes are others': (database) => overwrite(database, 0, Buffer.from('not a database')),
  'it was cut in half': async (database) => truncate(database, Math.floor((await pagesOf(database)) / 2) * PAGE),
  async 'bits are flipped in the heads of its pages'(database) {
    for (let page = 3; page < (await pagesOf(database)); page += 7) await overwrite(database, page * PAGE, Buffer.alloc(5, 0xff));
  },
};

test('a damaged database is found before anything runs on it, said in one line, and devices go on', async () => {
  await using cluster = await startCluster({ seed: 81, devices: 1, apps: [1] });
  const { coordinator, root } = cluster.seat;
  const database = join(root, 'coordinator', 'cloudless.db');
  // In order, so that all is in the one file.
  await coordinator.stop();
  await copyFile(database, `${database}.backup`);
  for (const [damage, strike] of Object.entries(DAMAGES)) {
    await test.step(damage, async () => {
      await strike(database);
      const before = coordinator.endings.length;
      coordinator.start();
      await untilEnded(coordinator, before, 20_000);
      const [line = '', ...others] = coordinator.tail().trim().split('\n');
      await coordinator.stop();
      note({ damage, line });
      expect(line).toMatch(/cloudless\.db could not be opened: .*(malformed|not a database).*restore/);
      // It may have been started again meanwhile, and says the same.
      for (const other of others) expect(other).toBe(line);
      expect(cluster.engines.running()).toHaveLength(1);
      await copyFile(`${database}.backup`, database);
    });
  }
  coordinator.start();
  await cluster.seat.untilReady();
  note(await judge(cluster, { settleMs: 15_000, starts: 0 }));
});
