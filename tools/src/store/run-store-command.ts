import { join } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { runProgram } from '../programs/run-program.ts';
import { chooseDataFolder, listMissing, prepareDataFolder, removeEmpty } from '../start/data-folder.ts';
import { takeLock } from '../start/instance-lock.ts';
import { CommandRefused, runCommand } from '../start/refusal.ts';

export type StoreCommand = {
  readonly name: 'backup' | 'restore' | 'move';
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Whether Cloudless must not run on the data folder meanwhile. */
  readonly alone: boolean;
};

/**
 * Runs one of the coordinator's commands on its database. Flags go on as they are, but for `--data`, which always names a folder, absolute.
 */
export async function runStoreCommand({ name, options, alone }: StoreCommand): Promise<void> {
  await runCommand(async () => {
    const { values } = parseArgs({ options: { ...options, data: { type: 'string' }, url: { type: 'string' } }, strict: true });
    const root = chooseDataFolder(values.data);
    const flags: Readonly<Record<string, string | boolean | undefined>> = { ...values, data: root };
    const argv = Object.entries(flags).flatMap(([flag, value]) =>
      value === true ? [`--${flag}`] : value === undefined ? [] : [`--${flag}=${String(value)}`],
    );
    const run = async (): Promise<number> =>
      (await runProgram([process.execPath, 'apps/coordinator/src/backup/main.ts', name, ...argv], { output: 'show' })).exitCode;
    if (!alone) return await run();
    const missing = listMissing(root);
    try {
      const folder = prepareDataFolder(root);
      const lock = takeLock(join(folder.run, 'lock'));
      if (lock.kind === 'taken')
        throw new CommandRefused({
          problem: `Cloudless runs on ${folder.root} (pid ${lock.pid})`,
          remedy: `stop it first (kill ${lock.pid}); apps go on meanwhile`,
        });
      try {
        return await run();
      } finally {
        lock.release();
      }
    } finally {
      removeEmpty(missing);
    }
  });
}
