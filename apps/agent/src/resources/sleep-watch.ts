import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock, Logger, Timer } from '@cloudless/kernel';

/** The system waits at most 5 s for whoever holds it up (logind's default); saying goodbye takes less. */
const SAY_MS = 500;
/** One that listened for a while is started again after this; one that ends at once, and where no system bus is, ever later. */
const RESTART_MS = 30_000;
const MAX_RESTART_MS = 3_600_000;
const SYSTEM_BUS = '/run/dbus/system_bus_socket';
const MONITOR = ['monitor', '--system', '--dest', 'org.freedesktop.login1', '--object-path', '/org/freedesktop/login1'];
const INHIBIT = ['--what=sleep', '--mode=delay', '--who=Cloudless', '--why=Tells its cluster that it sleeps', 'sleep', 'infinity'];

/** What a line of `gdbus monitor` says of sleep: `true` before it, `false` after it. */
export function readSleepSignal(line: string): boolean | undefined {
  const said = /org\.freedesktop\.login1\.Manager\.PrepareForSleep \((true|false),?\)/.exec(line)?.[1];
  return said === undefined ? undefined : said === 'true';
}

/** When to listen again, in ms. @param lastMs how long was waited before */
export const restartAfterMs = (listenedMs: number, lastMs: number): number =>
  listenedMs >= RESTART_MS ? RESTART_MS : Math.min(Math.max(RESTART_MS, 2 * lastMs), MAX_RESTART_MS);

export type SleepWatchDeps = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly platform: NodeJS.Platform;
  /** The system is about to sleep, or has woken. */
  readonly onSleep: (isAsleep: boolean) => void;
  /** Socket of the system bus: where there is none, no program is started to find that out. */
  readonly bus?: string;
};

/** Hears from systemd-logind that the machine goes to sleep, and holds it up for a moment to say so. Elsewhere sleep is only noticed afterwards. */
export function watchSleep({ clock, logger, platform, onSleep, bus = SYSTEM_BUS }: SleepWatchDeps): { stop(): void } {
  if (platform !== 'linux') return { stop: () => undefined };
  let isStopped = false;
  let monitor: ChildProcess | undefined;
  let inhibitor: ChildProcess | undefined;
  let timer: Timer | undefined;
  let waitMs = 0;

  function holdUp(): void {
    inhibitor = spawn('systemd-inhibit', INHIBIT, { stdio: 'ignore' });
    // Without it the word may come too late: then silence tells.
    inhibitor.once('error', (cause) => logger.debug({ op: 'sleep.inhibit', outcome: 'failed', reason: cause.message }));
  }

  function hear(text: string): void {
    for (const line of text.split('\n')) {
      const isAsleep = readSleepSignal(line);
      if (isAsleep === undefined) continue;
      logger.info({ op: 'device.sleep', asleep: isAsleep });
      onSleep(isAsleep);
      if (isAsleep) timer = clock.setTimer(SAY_MS, () => inhibitor?.kill());
      else holdUp();
    }
  }

  function listenLater(listenedMs: number): void {
    waitMs = restartAfterMs(listenedMs, waitMs);
    timer = clock.setTimer(waitMs, listen);
  }

  function listen(): void {
    if (!existsSync(bus)) return listenLater(0);
    const startedAtMs = clock.bootMs();
    const child = spawn('gdbus', MONITOR, { stdio: ['ignore', 'pipe', 'ignore'] });
    monitor = child;
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', hear);
    child.once('error', (cause) =>
      logger.info({ op: 'sleep.watch', outcome: 'failed', reason: `${cause.message}; a sleep is told by silence` }),
    );
    child.once('spawn', holdUp);
    child.once('exit', () => {
      inhibitor?.kill();
      if (!isStopped) listenLater(clock.bootMs() - startedAtMs);
    });
  }
  listen();
  return {
    stop() {
      isStopped = true;
      timer?.cancel();
      monitor?.kill();
      inhibitor?.kill();
    },
  };
}
