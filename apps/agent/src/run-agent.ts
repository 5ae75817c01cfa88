import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createPinoLogger, createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { AGENT_VERSION, createAgent } from './agent.ts';
import type { AgentConfig } from './config.ts';
import { createFileLogStore } from './logs/file-log-store.ts';
import { createFingerprint } from './resources/fingerprint.ts';
import { createUsageSampler } from './resources/usage.ts';
import { createDockerRuntime } from './runtime/docker.ts';
import { connectLoopback } from './session/connect-loopback.ts';
import { createEnrolment } from './session/enrolment.ts';
import { createFileState } from './state/file-state.ts';
import type { AgentState } from './state/state.ts';

/** How long stopping may take before the process ends anyway. */
const STOP_DEADLINE_MS = 5_000;

/** Wires an agent to this machine and runs it until a signal: SIGTERM ends it cleanly, containers go on. */
export async function runAgent(config: AgentConfig): Promise<void> {
  const { folder, coordinatorUrl, joinTokenFile, dockerSocket, platform } = config;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const clock = createRealClock();
  const entropy = createRealEntropy();
  const logger = createPinoLogger('agent', config.logLevel);
  const runtime = createDockerRuntime({ socketPath: dockerSocket, clock, platform });
  const { state, lastServerAt } = await withServerTime(createFileState(folder, logger));
  const enrolment = createEnrolment({
    url: coordinatorUrl,
    name: config.nodeName,
    readJoinToken: () =>
      readFile(joinTokenFile, 'utf8').then(
        (text) => text.trim() || undefined,
        () => undefined,
      ),
    dropJoinToken: () => rm(joinTokenFile, { force: true }),
    state,
    lastServerAt,
    clock,
    entropy,
    logger,
  });
  const agent = await createAgent({
    clock,
    entropy,
    logger,
    runtime,
    state,
    logs: createFileLogStore(join(folder, 'logs')),
    credentials: enrolment.credentials,
    dial: enrolment.dial,
    connectLoopback,
    fingerprint: createFingerprint({ agentVersion: AGENT_VERSION, dataFolder: folder, files: { root: '/' } }),
    sampleUsage: createUsageSampler({ runtime, clock }),
  });
  logger.info({ op: 'agent.start', outcome: 'ok', version: AGENT_VERSION, coordinatorUrl, dockerSocket });

  const stop = (signal: NodeJS.Signals): void => {
    logger.info({ op: 'agent.stop', signal });
    clock.setTimer(STOP_DEADLINE_MS, () => process.exit(1));
    agent.stop().then(
      () => process.exit(0),
      (cause: unknown) => {
        logger.error({ op: 'agent.stop', outcome: 'failed' }, cause);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop);
}

/** Keeps the latest coordinator's time in reach of the certificate checks. */
async function withServerTime(state: AgentState): Promise<{ state: AgentState; lastServerAt: () => number }> {
  let latest = (await state.loadHeld()).lastServerAt ?? 0;
  return {
    lastServerAt: () => latest,
    state: {
      ...state,
      saveHeld(held) {
        latest = Math.max(latest, held.lastServerAt ?? 0);
        return state.saveHeld(held);
      },
    },
  };
}
