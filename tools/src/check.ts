import { CHECK_STEPS, GENERATE_STEP } from './check/steps.ts';
import { runSteps } from './check/run-steps.ts';

/** `npm run check [-- <step> …]`: everything that can be known without running the product. */
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECK_STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`check: there is no step "${unknown.join('", "')}". Steps: ${CHECK_STEPS.map((step) => step.name).join(', ')}`);
  process.exit(2);
}
const steps = wanted.length === 0 ? CHECK_STEPS : CHECK_STEPS.filter((step) => step === GENERATE_STEP || wanted.includes(step.name));
const results = await runSteps(steps, (line) => console.log(line));
process.exitCode = results.some((result) => result.exitCode !== 0) ? 1 : 0;
