import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createPinoLogger, createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { AGENT_VERSION, createAgent, type Agent } from './agent.ts';
import type { AgentConfig } from './config.ts';
import { GIVE_BACK_MS } from './leases/give-back.ts';
import { createFileLeaseStore, readBootId } from './leases/file-lease-store.ts';
import { boundLogFile } from './logs/bound-file.ts';
import { createFileLogStore } from './logs/file-log-store.ts';
import { openDevice } from './open-device.ts';
import { createFingerprint, readLink, readPower } from './resources/fingerprint.ts';
import { readIdleMs } from './resources/idle.ts';
import { readLocalTime, uptimeMs } from './resources/local-time.ts';
import { readMachineHash } from './resources/machine-hash.ts';
import { readNetworkNames } from './resources/network-names.ts';
import { isShuttingDown } from './resources/shutdown.ts';
import { watchSleep } from './resources/sleep-watch.ts';
import { createUsageSampler } from './resources/usage.ts';
import { createDockerRuntime } from './runtime/docker.ts';
import { connectLoopback } from './session/connect-loopback.ts';
import { watchNetwork } from './session/network-watch.ts';
import { startStatusServer } from './status/status-server.ts';
import { isWatched } from './watchdog/alive.ts';
import { EXIT, readOwnSha256 } from './update/installed-agent.ts';
import { createUpdater } from './update/updater.ts';

/** How long stopping may take before the process ends anyway. */
const STOP_DEADLINE_MS = 5_000;
/** With the machine: what runs at most once is stopped before. Below what the service's unit allows (`TimeoutStopSec`). */
const SHUTDOWN_DEADLINE_MS = GIVE_BACK_MS + 3_000;
const FILES = { root: '/' };

/** Wires an agent to this machine and runs it until a signal: SIGTERM ends it cleanly, containers go on. */
export async function runAgent(config: AgentConfig): Promise<void> {
  const { folder, dockerSocket, platform, home } = config;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const clock = createRealClock();
  const entropy = createRealEntropy();
  const logger = createPinoLogger('agent', config.logLevel);
  const runtime = createDockerRuntime({ socketPath: dockerSocket, clock, platform });
  const { state, addresses, credentials, dial } = await openDevice(config, { clock, entropy, logger });
  const ownSha256 = home === undefined ? undefined : readOwnSha256(home);
  const current: { agent?: Agent } = {};

  const end = (code: number, isShutdown = false): void => {
    clock.setTimer(isShutdown ? SHUTDOWN_DEADLINE_MS : STOP_DEADLINE_MS, () => process.exit(code || 1));
    (current.agent?.stop({ isShutdown }) ?? Promise.resolve()).then(
      () => process.exit(code),
      (cause: unknown) => {
        logger.error({ op: 'agent.stop', outcome: 'failed' }, cause);
        process.exit(code || 1);
      },
    );
  };
  if (config.logFile !== undefined) boundLogFile(config.logFile, clock, logger);
  const updater =
    home !== undefined && ownSha256 !== undefined
      ? await createUpdater({ home, ownSha256, clock, logger, exit: (code) => end(code) })
      : undefined;
  let nodeId = (await state.loadIdentity())?.nodeId;
  const bootId = await readBootId(platform);
  const agent = await createAgent({
    clock,
    entropy,
    logger,
    runtime,
    state,
    logs: createFileLogStore(join(folder, 'logs')),
    credentials: {
      ...credentials,
      async obtain(signal) {
        const identity = await credentials.obtain(signal);
        ({ nodeId } = identity);
        return identity;
      },
    },
    dial,
    connectLoopback,
    fingerprint: createFingerprint({
      agentVersion: AGENT_VERSION,
      dataFolder: folder,
      files: FILES,
      machineHash: () => (nodeId === undefined ? undefined : readMachineHash(nodeId, config.machineIdFile)),
      agentSha256: ownSha256,
    }),
    sampleUsage: createUsageSampler({ runtime, clock }),
    // Without a name for the boot a lease cannot be told from one of an earlier boot: none is held.
    ...(bootId === undefined ? {} : { leaseStore: createFileLeaseStore(folder, bootId, logger) }),
    holdsLeases: () => (bootId === undefined ? Promise.resolve(false) : isWatched(folder, bootId, clock.bootMs())),
    lendingFacts: async () => ({
      power: readPower(FILES),
      link: await readNetworkNames(readLink(FILES), platform),
      idleMs: await readIdleMs(platform, uptimeMs()),
    }),
    localTime: readLocalTime,
    watchSleep: (onSleep) => watchSleep({ clock, logger, platform, onSleep }),
    watchNetwork: (onChange) => watchNetwork({ clock, logger, platform, onChange }),
    addresses: () => addresses.urls(),
    onAddresses: (next) => addresses.replace(next),
    onWelcome: () => updater?.onWelcome(),
    ...(updater ? { onUpdate: updater.onUpdate } : {}),
    async onDeparted() {
      await forgetCluster(folder);
      end(EXIT.left);
    },
  });
  current.agent = agent;
  const page = await startStatusServer({
    status: () => agent.status(),
    leave: ({ now }) => agent.leave({ now, reason: 'asked for on the device itself' }),
    socketPath: config.controlSocket,
    port: config.statusPort,
    logger,
  });
  logger.info({ op: 'agent.start', outcome: 'ok', version: AGENT_VERSION, addresses: addresses.urls(), dockerSocket });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => {
      page.stop();
      void isShuttingDown(platform).then((isShutdown) => {
        logger.info({ op: 'agent.stop', signal, isShutdown });
        end(0, isShutdown);
      });
    });
}

/** What made this machine a device of its cluster; the agent itself stays until it is uninstalled. */
async function forgetCluster(folder: string): Promise<void> {
  const kept = new Set(['bin', 'node', 'control.sock', 'agent.log']);
  for (const name of await readdir(folder)) if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}
