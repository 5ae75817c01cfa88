import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from './programs/run-program.ts';
import { dataFolderAt, defaultDataFolder } from './start/data-folder.ts';
import { CommandRefused, runCommand } from './start/refusal.ts';

/** `npm run recover-owner [-- --data <folder>]`: a one-time link for the owner. Being able to read the data folder is the proof. */
await runCommand(async () => {
  const { values } = parseArgs({ options: { data: { type: 'string' } }, strict: true });
  const folder = dataFolderAt(values.data ?? process.env['CLOUDLESS_DATA'] ?? defaultDataFolder());
  if (!existsSync(join(folder.coordinator, 'cloudless.db'))) {
    throw new CommandRefused({ problem: `there is no Cloudless in ${folder.root}`, remedy: 'name its data folder with --data' });
  }
  const ran = await runProgram([process.execPath, 'apps/coordinator/src/recover-owner.ts'], {
    env: { CLOUDLESS_DATA: folder.root },
    output: 'show',
  });
  return ran.exitCode;
});
