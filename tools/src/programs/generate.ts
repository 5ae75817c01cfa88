import { GENERATE_STEP } from '../check/steps.ts';
import { runProgram } from './run-program.ts';

/** Makes what is in no commit, for a program that reads it. A failure is shown, and what is missing then fails by itself. */
export async function generate(): Promise<void> {
  const generated = await runProgram(GENERATE_STEP.argv, { env: GENERATE_STEP.env ?? {} });
  if (generated.exitCode !== 0) console.error(generated.output);
}
