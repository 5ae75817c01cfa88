import { existsSync } from 'node:fs';
import { createSqliteDriver } from '@cloudless/db/sqlite';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { CloudlessError, isCloudlessError } from '@cloudless/proto';
import { readConfig } from './config.ts';
import { dataPaths } from './data-folder.ts';
import { recoverOwner } from './people/recover-owner.ts';

/** Run on the machine itself, with the data folder in CLOUDLESS_DATA: prints a code for the owner. */
async function run(): Promise<void> {
  const { database } = dataPaths(readConfig().dataFolder);
  if (!existsSync(database))
    throw new CloudlessError('config_invalid', `There is no cluster in ${database}. Name its data folder with CLOUDLESS_DATA.`);
  const driver = await createSqliteDriver({ path: database, thread: 'inline' });
  try {
    const { email, code } = await recoverOwner({ driver, clock: createRealClock(), entropy: createRealEntropy() });
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
  process.stderr.write(`${isCloudlessError(error) ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
