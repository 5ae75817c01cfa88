import { withDeadline } from '@cloudless/kernel';
import { createPinoLogger, createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { isCloudlessError } from '@cloudless/proto';
import { createApi } from './api/index.ts';
import { readConfig } from './config.ts';
import { createControlPlane } from './control-plane/index.ts';
import { createCoordinator } from './coordinator.ts';
import { createCrashPoint } from './crash-points.ts';
import { readMachine, readVersion } from './machine.ts';

/** How long a stop may take; what is not stopped by then is what a crash would leave, and that is safe. */
const STOP_MS = 5_000;
/** Exit code of a coordinator that was replaced as leader (EX_TEMPFAIL of sysexits.h): start it again. */
const LEADS_NO_MORE = 75;

async function run(): Promise<void> {
  // The database and its files are the owner's alone, whatever the shell says.
  process.umask(0o077);
  const config = readConfig();
  const clock = createRealClock();
  const logger = createPinoLogger('coordinator', config.logLevel);
  const { crashAt } = config.faults;
  const coordinator = await createCoordinator({
    config,
    clock,
    entropy: createRealEntropy(),
    logger,
    machine: readMachine,
    version: readVersion(),
    createControlPlane,
    createApi,
    ...(crashAt === undefined ? {} : { crashPoint: createCrashPoint(crashAt, () => process.kill(process.pid, 'SIGKILL')) }),
  });

  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ op: 'coordinator.stop', signal });
    withDeadline(clock, 'stopping the coordinator', STOP_MS, () => coordinator.stop()).then(
      () => process.exit(0),
      (cause: unknown) => {
        logger.error({ op: 'coordinator.stop', outcome: 'failed' }, cause);
        process.exit(1);
      },
    );
  };
  coordinator.over.then(
    (why) => {
      if (stopping) return;
      process.stderr.write(`${why.message}\n`);
      process.exit(LEADS_NO_MORE);
    },
    () => undefined,
  );
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Crash-only: a state that nobody foresaw is left by a start, which is the same as after a power cut.
  process.on('uncaughtException', (cause) => {
    logger.error({ op: 'coordinator.crash', outcome: 'failed' }, cause);
    process.exit(1);
  });
  process.stdout.write(
    `${JSON.stringify({ op: 'coordinator.ready', url: coordinator.url, role: coordinator.role, port: coordinator.port, claimed: coordinator.isClaimed(), version: coordinator.version })}\n`,
  );
}

try {
  await run();
} catch (error) {
  process.stderr.write(
    `${isCloudlessError(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
}
