import { generate } from './programs/generate.ts';
import { runProgram } from './programs/run-program.ts';

/** `npm run unit [-- <vitest arguments>]`: every test beside the code, but for the simulator's. */
await generate();
const ran = await runProgram(['vitest', 'run', '--project', '!sim', ...process.argv.slice(2)], { output: 'show' });
process.exitCode = ran.exitCode;
