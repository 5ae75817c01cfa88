import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import type { Clock, Logger, Timer } from '@cloudless/kernel';

/** Without the kernel's word, the interfaces are looked at this often: the reconnect promises a second. */
const LOOK_EVERY_MS = 1_000;
/** Where the kernel tells, only a sleep is looked for; heartbeats find it as well while there is a link. */
const TOLD_LOOK_EVERY_MS = 5_000;
/** Changes come in flocks; one look serves them all. */
const SETTLE_MS = 50;
/** A timer that comes so much too late was asleep. */
const SLEPT_MS = 5_000;
const RESTART_MS = 10_000;

/** Interfaces that engines and hypervisors make for what they run: each start of a container would be a change of the network. */
const ENGINES = /^(veth|docker\d|br-[0-9a-f]{12}$|cni|podman|virbr|vnet)/;

/** Whether a line of `ip -o monitor` tells of nothing but what an engine made. What cannot be read may be news. */
export function isOfEngine(line: string): boolean {
  if (line === '') return true;
  const name = /^(?:Deleted )?\d+: ([^\s:@]+)/.exec(line)?.[1] ?? / dev (\S+)/.exec(line)?.[1];
  return name !== undefined && ENGINES.test(name);
}

export interface NetworkWatch {
  stop(): void;
}

/**
 * Calls `onChange` when an address, route or link of this machine changes, and after a sleep. On Linux the kernel tells (`ip monitor`);
 * elsewhere the interfaces are compared each second.
 */
export function watchNetwork(deps: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly platform: NodeJS.Platform;
  readonly onChange: (reason: string) => void;
}): NetworkWatch {
  const { clock, logger, onChange } = deps;
  let isStopped = false;
  let settle: Timer | undefined;
  let endMonitor: () => void = () => undefined;
  let isTold = false;
  let seen = describeInterfaces();
  let dueAtMs = clock.bootMs() + LOOK_EVERY_MS;
  let timer = clock.setTimer(LOOK_EVERY_MS, look);

  function changed(reason: string): void {
    settle ??= clock.setTimer(SETTLE_MS, () => {
      settle = undefined;
      onChange(reason);
    });
  }

  function look(): void {
    const lateMs = clock.bootMs() - dueAtMs;
    const delayMs = isTold ? TOLD_LOOK_EVERY_MS : LOOK_EVERY_MS;
    dueAtMs = clock.bootMs() + delayMs;
    timer = clock.setTimer(delayMs, look);
    if (lateMs > SLEPT_MS) changed(`the device slept for ${Math.round(lateMs / 1000)} s`);
    if (isTold) return;
    const now = describeInterfaces();
    if (now !== seen) changed('an address of the device changed');
    seen = now;
  }

  function monitor(): void {
    const child = spawn('ip', ['-o', 'monitor', 'address', 'route', 'link'], { stdio: ['ignore', 'pipe', 'ignore'] });
    endMonitor = () => child.kill();
    child.once('spawn', () => (isTold = true));
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      if (!text.split('\n').every(isOfEngine)) changed('an address, route or link of the device changed');
    });
    child.once('error', (cause) => {
      isTold = false;
      logger.info({ op: 'network.watch', outcome: 'failed', reason: `${cause.message}; the interfaces are looked at instead` });
    });
    child.once('exit', () => {
      isTold = false;
      seen = describeInterfaces();
      if (!isStopped) clock.setTimer(RESTART_MS, () => !isStopped && monitor());
    });
  }
  if (deps.platform === 'linux') monitor();

  return {
    stop() {
      isStopped = true;
      timer.cancel();
      settle?.cancel();
      endMonitor();
    },
  };
}

const describeInterfaces = (): string =>
  Object.entries(networkInterfaces())
    .flatMap(([name, addresses]) => (addresses ?? []).map(({ address }) => `${name} ${address}`))
    .toSorted()
    .join('\n');
