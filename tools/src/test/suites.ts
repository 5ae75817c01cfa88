import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECK_STEPS } from '../check/steps.ts';
import { runSteps } from '../check/run-steps.ts';
import { runProgram } from '../programs/run-program.ts';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { REPOSITORY } from '../programs/repository.ts';
import { listSlowest, tallyPlaywright, tallyVitest, judge, type Tally } from './tally.ts';

export type Suite = { readonly name: string; run(env: Readonly<Record<string, string>>): Promise<Tally> };

function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Every step but tidy, which runs among the unit tests. A step that holds is one passed. */
const check: Suite = {
  name: 'check',
  async run() {
    const results = await runSteps(
      CHECK_STEPS.filter((step) => step.name !== 'tidy'),
      (line) => console.log(line),
    );
    const failed = results.filter((result) => result.exitCode !== 0);
    return { passed: results.length - failed.length, failed: failed.length, failures: failed.map(({ name }) => `check: ${name}`) };
  },
};

const vitest = (name: string, projects: string): Suite => ({
  name,
  async run(env) {
    using folder = createTemporaryFolder('report');
    const report = join(folder.path, 'report.json');
    const argv = ['vitest', 'run', '--project', projects, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`] as const;
    const ran = await runProgram(argv, { env, output: 'show' });
    return judge(tallyVitest(readReport(report)), ran.exitCode);
  },
});

/** Tests named with their time: where the minutes go. */
const SLOWEST = 20;

const journeys: Suite = {
  name: 'e2e',
  async run(env) {
    if (!existsSync(join(REPOSITORY, 'e2e', 'playwright.config.ts'))) return { passed: 0, failed: 0, failures: [] };
    using folder = createTemporaryFolder('report');
    const report = join(folder.path, 'report.json');
    const ran = await runProgram(['playwright', 'test', '--config', 'e2e/playwright.config.ts'], {
      env: { ...env, CLOUDLESS_E2E_JSON: report },
      output: 'show',
    });
    const told = readReport(report);
    for (const line of listSlowest(told, SLOWEST)) console.log(line);
    return judge(tallyPlaywright(told), ran.exitCode);
  },
};

/** In this order: the quickest answer first. */
export const SUITES: readonly Suite[] = [check, vitest('unit', '!sim'), vitest('sim', 'sim'), journeys];
