import { runProgram, type Ran } from '../programs/run-program.ts';
import type { CheckStep } from './steps.ts';

export type StepResult = Ran & { readonly name: string };

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(7);

/**
 * Runs every step, also after one failed, and writes one line for each; the output of a failed one follows its line.
 *
 * @param print takes one line
 */
export async function runSteps(steps: readonly CheckStep[], print: (line: string) => void): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    const ran = await runProgram(step.argv, step.env ? { env: step.env } : {});
    const ok = ran.exitCode === 0;
    print(`${ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(12)} ${seconds(ran.durationMs)}${ok ? '' : `   remedy: ${step.remedy}`}`);
    if (!ok) print(ran.output.trim().replaceAll(/^/gm, '     '));
    results.push({ ...ran, name: step.name });
  }
  const failed = results.filter((result) => result.exitCode !== 0).map((result) => result.name);
  print(failed.length === 0 ? `check: ${results.length} of ${results.length} hold` : `check: ${failed.join(', ')} failed`);
  return results;
}
