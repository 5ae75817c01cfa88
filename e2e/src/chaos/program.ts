import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { supervise, type DataFolder, type Part, type PartPlan } from '@cloudless/tools/product';
import { until } from './until.ts';

/** One part of the product as `npm start` runs it: supervised, logged within limits, and killed as a test likes. */
export interface Program {
  readonly pid: number | undefined;
  /** How it ended so far, by itself or by force. */
  readonly endings: readonly string[];
  /** @param env for this life alone: what starts again after it has it no more */
  start(env?: Readonly<Record<string, string>>): void;
  signal(name: NodeJS.Signals): void;
  /** Kills it and leaves it dead. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** What it wrote last. */
  tail(): string;
  /** Bytes of its log, all kept files together. */
  logBytes(): number;
  /** Most memory that it ever held, as the kernel counts it (`VmHWM`). */
  peakBytes(): number;
}

/** @param folder where it keeps its pid file and its log */
export function createProgram(plan: PartPlan, folder: DataFolder): Program {
  for (const path of Object.values(folder)) mkdirSync(path, { recursive: true, mode: 0o700 });
  const endings: string[] = [];
  let part: Part | undefined;
  let env: Readonly<Record<string, string>> = {};

  function pid(): number | undefined {
    try {
      return part?.isRunning() ? Number.parseInt(readFileSync(join(folder.run, `${plan.name}.pid`), 'utf8'), 10) : undefined;
    } catch {
      return undefined;
    }
  }

  const program: Program = {
    get pid() {
      return pid();
    },
    endings,
    start(more = {}) {
      env = more;
      part ??= supervise(
        {
          ...plan,
          // Read at each start, so that one which is started again is given what holds by then.
          get env() {
            return { ...plan.env, ...env };
          },
        },
        {
          folder,
          clock: createRealClock(),
          entropy: createRealEntropy(),
          onRestart(_name, ending) {
            endings.push(ending);
            // A crash point is passed once.
            env = {};
          },
        },
      );
    },
    signal(name) {
      const running = pid();
      if (running !== undefined) process.kill(running, name);
    },
    async kill() {
      program.signal('SIGKILL');
      await program.stop();
    },
    async stop() {
      // One that stands still takes no other signal.
      program.signal('SIGCONT');
      await part?.stop();
      part = undefined;
    },
    tail: () => part?.tail() ?? '',
    logBytes: () =>
      readdirSync(folder.logs)
        .filter((name) => name.startsWith(`${plan.name}.log`))
        .reduce((sum, name) => sum + statSync(join(folder.logs, name)).size, 0),
    peakBytes() {
      const running = pid();
      const text = running === undefined ? '' : readFileSync(`/proc/${running}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
    },
  };
  return program;
}

/** Waits until the program has ended by itself once more than `before`. */
export const untilEnded = (program: Program, before: number, withinMs: number): Promise<number> =>
  until('the program ends', withinMs, () => (program.endings.length > before ? undefined : 'it runs on'));
