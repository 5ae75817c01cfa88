import { GENERATE_STEP } from './check/steps.ts';
import { runProgram } from './programs/run-program.ts';

/** `npm run unit [-- <vitest arguments>]`: every test beside the code, but for the simulator's. */
const generated = await runProgram(GENERATE_STEP.argv, { env: GENERATE_STEP.env ?? {} });
if (generated.exitCode !== 0) console.error(generated.output);
const ran = await runProgram(['vitest', 'run', '--project', '!sim', ...process.argv.slice(2)], { output: 'show' });
process.exitCode = ran.exitCode;
