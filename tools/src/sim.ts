import { generate } from './programs/generate.ts';
import { runProgram } from './programs/run-program.ts';

/** `npm run sim`: the simulator's own tests. `npm run sim -- <arguments>`: the simulator itself, to replay one seed. */
await generate();
const argv = process.argv.slice(2);
const program: readonly [string, ...string[]] =
  argv.length === 0 ? ['vitest', 'run', '--project', 'sim'] : [process.execPath, 'sim/src/main.ts', ...argv];
const ran = await runProgram(program, { output: 'show' });
process.exitCode = ran.exitCode;
