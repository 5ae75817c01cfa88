import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runProgram } from './programs/run-program.ts';
import { askYes } from './start/ask.ts';
import { chooseDataFolder, dataFolderAt, type DataFolder } from './start/data-folder.ts';
import { endLeftovers } from './start/leftovers.ts';
import { runningPid } from './start/pid-file.ts';
import { CommandRefused, runCommand } from './start/refusal.ts';
import { findEngineAddress, findInstalled } from './uninstall/find-installed.ts';
import { describeRemoval, type Installed } from './uninstall/plan.ts';

/** `npm run uninstall [-- --data <folder>] [--purge] [--yes]`: lists what goes, asks, removes. Data stays unless purged. */
const STOP_MS = 20_000;

await runCommand(async () => {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, purge: { type: 'boolean' }, yes: { type: 'boolean', short: 'y' } },
    strict: true,
  });
  const purge = values.purge === true;
  const folder = dataFolderAt(chooseDataFolder(values.data));
  const engine = await findEngineAddress();
  const installed = await findInstalled(folder, engine);
  const { removes, keeps } = describeRemoval(installed, purge);
  if (removes.length === 0) {
    console.log(`Nothing of Cloudless to remove for ${folder.root}.`);
    return 0;
  }
  console.log(['Removes', ...removes.map((line) => `  ${line}`), 'Keeps', ...keeps.map((line) => `  ${line}`)].join('\n'));
  if (!(await askYes('Remove these?', values.yes === true))) {
    throw new CommandRefused({ problem: 'nothing was removed', remedy: 'answer yes, or pass --yes' });
  }
  await remove(installed, folder, engine, purge);
  console.log('Removed.');
  return 0;
});

async function remove(installed: Installed, folder: DataFolder, engine: string | undefined, purge: boolean): Promise<void> {
  await stopSupervisor(folder);
  await endLeftovers(folder);
  // The agent is gone now, so nothing starts a container again behind us; those it started meanwhile are found by a second look.
  const now = await findInstalled(folder, engine);
  const ids = [...new Set([...installed.containers, ...now.containers].map(({ id }) => id))];
  if (engine !== undefined && ids.length > 0) await expectDone(['docker', '--host', engine, 'rm', '--force', '--volumes', ...ids]);
  const images = installed.images.map(({ id }) => id);
  if (engine !== undefined && images.length > 0) await expectDone(['docker', '--host', engine, 'rmi', '--force', ...images]);
  if (purge) rmSync(folder.root, { recursive: true, force: true });
}

async function expectDone(argv: readonly [string, ...string[]]): Promise<void> {
  const ran = await runProgram(argv);
  if (ran.exitCode !== 0)
    throw new CommandRefused({
      problem: `${argv.slice(0, 4).join(' ')} failed: ${ran.output.trim()}`,
      remedy: 'mend what it names and run this again',
    });
}

async function stopSupervisor(folder: DataFolder): Promise<void> {
  const holder = (): number | undefined => {
    try {
      return runningPid(readFileSync(join(folder.run, 'lock'), 'utf8'));
    } catch {
      return undefined;
    }
  };
  const deadline = AbortSignal.timeout(STOP_MS);
  const pid = holder();
  if (pid !== undefined) process.kill(pid, 'SIGTERM');
  while (holder() !== undefined) {
    if (deadline.aborted)
      throw new CommandRefused({ problem: `npm start (pid ${pid}) does not end`, remedy: `end it (kill -9 ${pid}) and run this again` });
    await sleep(100);
  }
}
