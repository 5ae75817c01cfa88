import { parseArgs } from 'node:util';
import { runProgram } from './programs/run-program.ts';
import { chooseDataFolder } from './start/data-folder.ts';
import { runCommand } from './start/refusal.ts';

/**
 * `npm run recover-owner [-- --data <folder>] [--url <addresses>]`: a one-time code for the owner. Being able to read the data folder, or to
 * write to the store, is the proof.
 */
await runCommand(async () => {
  const { values } = parseArgs({ options: { data: { type: 'string' }, url: { type: 'string' } }, strict: true });
  const url = values.url === undefined ? [] : [`--url=${values.url}`];
  const argv = [`--data=${chooseDataFolder(values.data)}`, ...url];
  const ran = await runProgram([process.execPath, 'apps/coordinator/src/recover-owner.ts', ...argv], { output: 'show' });
  return ran.exitCode;
});
