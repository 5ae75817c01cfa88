import { leasePath, parseLeaseFile, runWatchdog, type LeaseFile } from '@cloudless/agent';
import type { Clock } from '@cloudless/kernel';
import type { Disk } from './disk.ts';
import type { Engine } from './engine.ts';
import { createIncarnation, type Incarnation } from './incarnation.ts';
import type { Trace } from './trace.ts';

/** The watchdog of one machine: a program of its own, which neither a kill nor a pause of the agent touches. */
export interface Watchdog {
  /** Nothing happens when it runs. */
  start(bootId: string): void;
  pause(): void;
  resume(): void;
  /** Ends it at once; its supervisor starts it again a second later. Nothing happens when it does not run. */
  crash(): void;
  /** With the power. */
  kill(): void;
}

export type WatchdogOptions = {
  readonly name: string;
  /** Where the agent keeps its leases. */
  readonly folder: string;
  readonly machine: Clock;
  readonly engine: Engine;
  readonly disk: Disk;
  readonly trace: Trace;
};

/** As the service units say. */
const RESTART_MS = 1000;

export function createWatchdog({ name, folder, machine, engine, disk, trace }: WatchdogOptions): Watchdog {
  const who = `watchdog of ${name}`;
  let life: Incarnation | undefined;
  let boot = '';

  /** What is damaged changes nothing. */
  function createReader(own: Incarnation): () => Promise<LeaseFile | undefined> {
    const files = disk.bind(own);
    let known: LeaseFile | undefined;
    let seen: string | undefined;
    return async () => {
      const text = await files.read(leasePath(folder));
      if (text !== undefined && text !== seen) known = parseLeaseFile(text) ?? known;
      seen = text;
      return known;
    };
  }

  function start(bootId: string): void {
    if (life?.isAlive) return;
    const own = createIncarnation(who, machine);
    life = own;
    boot = bootId;
    const logger = trace.loggerOf(who, () => own.isAlive);
    // It ends by a kill alone: nothing asks it to.
    const { signal } = new AbortController();
    void runWatchdog({ clock: own.clock, logger, engine: engine.bindWatchdog(own), bootId, readLeases: createReader(own) }, signal);
  }

  return {
    start,
    pause: () => life?.pause(),
    resume: () => life?.resume(),
    crash() {
      const crashed = life;
      if (!crashed?.isAlive) return;
      crashed.kill();
      machine.setTimer(RESTART_MS, () => {
        // The power may have gone meanwhile.
        if (life === crashed) start(boot);
      });
    },
    kill() {
      life?.kill();
      life = undefined;
    },
  };
}
