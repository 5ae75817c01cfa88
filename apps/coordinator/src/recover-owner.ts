import { parseArgs } from 'node:util';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { isCloudlessError } from '@cloudless/proto';
import { readConfig } from './config.ts';
import { dataPaths } from './data-folder.ts';
import { openAsItIs, refuseUnfit } from './open-database.ts';
import { recoverOwner } from './people/recover-owner.ts';
import { sayAsTyped, STORE_FLAGS, variablesOf } from './store-flags.ts';

const { values } = parseArgs({ options: STORE_FLAGS });

/** Run on the machine itself, with data folder and database of its flags, else as the coordinator has them in its environment: prints a code for the owner. */
async function run(): Promise<void> {
  const config = readConfig(variablesOf(values));
  const paths = dataPaths(config.dataFolder);
  const [clock, entropy] = [createRealClock(), createRealEntropy()];
  const driver = await openAsItIs({ config, clock, entropy, logger: nullLogger }, paths);
  try {
    // A code in a database that its cluster has left would let nobody in.
    await refuseUnfit(config, paths, driver);
    const { email, code } = await recoverOwner({ driver, clock, entropy });
    process.stdout.write(
      `Recovery code for ${email}, for one use:\n\n    ${code}\n\nOpen the dashboard, choose “recovery code” at sign-in, and set a new password.\n`,
    );
  } finally {
    await driver.stop();
  }
}

try {
  await run();
} catch (error) {
  process.stderr.write(`${isCloudlessError(error) ? sayAsTyped(error.message, values) : String(error)}\n`);
  process.exitCode = 1;
}
