import { buildStale } from './start/build-web.ts';
import { runCommand } from './start/refusal.ts';
import { requireEngine, requirePrograms } from './test/requirements.ts';
import { SUITES } from './test/suites.ts';
import { sum, type Tally } from './test/tally.ts';

/** Of the tests that failed, so many are named again at the end: a log may keep only its last lines. */
const MOST_NAMED = 30;

/** `npm test`: every check and every test, on a real engine and browser; the last line is the sum of what the runners report. */
await runCommand(async () => {
  await requirePrograms();
  await using engine = await requireEngine();
  await buildStale((line) => console.log(line));
  const tallies: Tally[] = [];
  for (const suite of SUITES) {
    console.log(`\n── ${suite.name}`);
    const startedAt = performance.now();
    const tally = await suite.run({ DOCKER_HOST: engine.address });
    console.log(
      `${suite.name}: ${tally.passed} passed, ${tally.failed} failed in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
    );
    tallies.push(tally);
  }
  const total = sum(tallies);
  await engine.stop();
  if (total.failures.length > 0) console.log(['', 'What failed:', ...total.failures.slice(0, MOST_NAMED)].join('\n'));
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});
