import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backoffMs, type Clock, type Entropy } from '@cloudless/kernel';
import { logFile, type DataFolder } from './data-folder.ts';
import { pidFileText } from './pid-file.ts';
import { openRotatingLog } from './rotating-log.ts';

/** One part of the control plane as a program of its own. */
export type PartPlan = {
  /** Also of its log and its pid file. */
  readonly name: string;
  /** Absent: Node. */
  readonly program?: string;
  /** Of Node: its flags, the file, and its arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

export interface Part {
  readonly name: PartPlan['name'];
  /** Whether its program runs right now. */
  isRunning(): boolean;
  /** The last lines that it wrote. */
  tail(): string;
  /** Ends it, by force after a while, and starts it no more. */
  stop(): Promise<void>;
}

export type SuperviseOptions = {
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Called when the program ended by itself, with the wait before the next start. */
  onRestart(name: PartPlan['name'], ending: string, waitMs: number): void;
  /** Called with each line of standard output. */
  onLine?(name: PartPlan['name'], line: string): void;
};

const BACKOFF = { baseMs: 250, maxMs: 15_000, factor: 2, jitter: 0.2 } as const;
/** A program that ran this long was well: the next wait is short again. */
const STEADY_MS = 30_000;
const GRACE_MS = 8000;
const TAIL_CHARS = 4000;

/** For people: that a part is started again, and where its output is. */
export const describeRestart = (folder: DataFolder, name: string, ending: string, waitMs: number): string =>
  `${name} ${ending}; starting it again in ${waitMs} ms. Log: ${logFile(folder, name)}`;

/**
 * Keeps one part running until it is stopped: starts it again after it ends, with growing waits. It runs in a session of its own,
 * so that a Ctrl-C in the terminal reaches only this supervisor, which ends the parts in order.
 */
export function supervise(plan: PartPlan, options: SuperviseOptions): Part {
  const { folder, clock } = options;
  const log = openRotatingLog(logFile(folder, plan.name));
  const pidFile = join(folder.run, `${plan.name}.pid`);
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let tail = '';

  function start(): ChildProcess {
    const started = spawn(plan.program ?? process.execPath, plan.argv, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...plan.env },
    });
    let line = '';
    const keep = (chunk: Buffer): void => {
      log.write(chunk);
      tail = (tail + chunk.toString()).slice(-TAIL_CHARS);
    };
    started.stdout.on('data', (chunk: Buffer) => {
      keep(chunk);
      const lines = (line + chunk.toString()).split('\n');
      line = (lines.pop() ?? '').slice(-TAIL_CHARS);
      for (const whole of lines) options.onLine?.(plan.name, whole);
    });
    started.stderr.on('data', keep);
    if (started.pid !== undefined) writeFileSync(pidFile, pidFileText(started.pid), { mode: 0o600 });
    return started;
  }

  async function keepRunning(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted;) {
      const startedAt = clock.bootMs();
      child = start();
      const ending = await endOf(child);
      rmSync(pidFile, { force: true });
      child = undefined;
      if (stopping.signal.aborted) return;
      failures = clock.bootMs() - startedAt > STEADY_MS ? 0 : failures + 1;
      const waitMs = backoffMs(BACKOFF, Math.max(0, failures - 1), options.entropy);
      options.onRestart(plan.name, ending, waitMs);
      await clock.sleep(waitMs, stopping.signal).catch(() => undefined);
    }
  }

  const running = keepRunning();
  return {
    name: plan.name,
    isRunning: () => child !== undefined,
    tail: () => tail,
    async stop() {
      stopping.abort();
      child?.kill('SIGTERM');
      const force = clock.setTimer(GRACE_MS, () => child?.kill('SIGKILL'));
      await running;
      force.cancel();
      log.close();
    },
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    await once(child, 'close');
    return child.signalCode === null ? `ended with code ${child.exitCode ?? 'unknown'}` : `was ended by ${child.signalCode}`;
  } catch (error) {
    return `could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}
