import { foundCluster, type SqlDriver } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import { nullLogger, type Clock, type Timer } from '@cloudless/kernel';
import { createManualClock, createSeededEntropy, type ManualClock } from '@cloudless/kernel/testing';
import { campaign, type Won } from '../campaign.ts';
import { holdLease, type Lease } from '../hold-lease.ts';
import type { ProveGone } from '../prove-gone.ts';

/** What becomes of one request to the store. */
export type Fate = 'ok' | 'requestLost' | 'answerLost' | 'late';

export type CandidatePlan = {
  /** Rate of its boot clock against true time: 0.99 to 1.01. */
  readonly rate: number;
  /** For request number `n`. */
  readonly fate: (n: number) => Fate;
};

export type Takeover = Pick<Won, 'cause' | 'token'> & { readonly candidate: number; readonly atMs: number };

export interface Candidates {
  /** True time since the start. */
  readonly nowMs: number;
  /** Who counts itself as holder now, by its own clock; dead ones do not count. A frozen one counts as it would on waking. */
  holders(): readonly number[];
  readonly takeovers: readonly Takeover[];
  /** Holders that overlapped, as sentences. */
  readonly overlaps: readonly string[];
  /** Nothing of it runs until then: timers and answers wait. */
  freeze(candidate: number, forMs: number): void;
  /** Its process ends, and another one starts later. Whoever looks may know that it is gone. */
  kill(candidate: number, downMs: number): void;
  /** It gives the lead away, if it has it, and starts again. */
  stopCleanly(candidate: number): void;
  /** Every request to the store fails. */
  setOutage(isOut: boolean): void;
  /** Every fault ends: nothing is frozen, down or lost from now on. */
  heal(): void;
  advance(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const STEP_MS = 20;
const LATENCY_MS = 3;

type Process = { readonly instance: string; readonly controller: AbortController; lease: Lease | undefined };

/** Candidates for the lead on one real database, each with a clock, a network and a fate of its own, in virtual time. */
export async function startCandidates(plans: readonly CandidatePlan[], options: { readonly proofs: boolean }): Promise<Candidates> {
  const truth: ManualClock = createManualClock();
  const startMs = truth.bootMs();
  const { driver: database } = await openSqlite({ path: ':memory:', thread: 'inline', clock: truth });
  await foundCluster({ driver: database, clock: truth, entropy: createSeededEntropy(1) });
  const takeovers: Takeover[] = [];
  const overlaps: string[] = [];
  const dead = new Set<string>();
  let isOut = false;
  let isHealed = false;

  const members = plans.map((plan, index) => {
    const entropy = createSeededEntropy(100 + index);
    let frozen: PromiseWithResolvers<void> | undefined;
    let restart: Timer | undefined;
    let requests = 0;
    let current: Process | undefined;
    let starts = 0;

    const thawed = async (): Promise<void> => {
      while (frozen) await frozen.promise;
    };
    function thaw(): void {
      frozen?.resolve();
      frozen = undefined;
    }
    const clock: Clock = {
      now: () => truth.now(),
      bootMs: () => index * 1_000_000 + truth.bootMs() * plan.rate,
      setTimer: (delayMs, fire) => {
        let isCancelled = false;
        const timer = truth.setTimer(delayMs / plan.rate, () => void thawed().then(() => (isCancelled ? undefined : fire())));
        return {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
      async sleep(delayMs, signal) {
        await truth.sleep(delayMs / plan.rate, signal);
        await thawed();
        signal?.throwIfAborted();
      },
    };

    /** The store behind this candidate's own network. */
    async function travel<T>(instance: string, what: () => Promise<T>, lost: () => T): Promise<T> {
      requests += 1;
      const fate = isHealed ? 'ok' : plan.fate(requests);
      await truth.sleep(LATENCY_MS);
      if (isOut || fate === 'requestLost' || dead.has(instance)) {
        await truth.sleep(400);
        await thawed();
        return lost();
      }
      if (fate === 'late') await truth.sleep(1_500);
      const answer = await what();
      await truth.sleep(LATENCY_MS);
      await thawed();
      return fate === 'answerLost' ? lost() : answer;
    }
    /** What a process that was killed still sends goes nowhere. */
    const networkOf = (instance: string): SqlDriver => ({
      query: (statement) =>
        travel(
          instance,
          () => database.query(statement),
          () => {
            throw new Error('the store did not answer');
          },
        ),
      batch: (statements, request) =>
        travel(
          instance,
          () => database.batch(statements, request),
          () => ({ kind: 'unknown', reason: 'the answer was lost' }),
        ),
      stop: () => Promise.resolve(),
    });
    const proveGone: ProveGone = {
      isGone: async ({ instance }) => {
        await truth.sleep(LATENCY_MS);
        return options.proofs && dead.has(instance);
      },
      onHint: () => () => undefined,
    };

    async function run(started: Process): Promise<void> {
      const { controller, instance } = started;
      const driver = networkOf(instance);
      const claim = { holder: `c${index}`, instance, addresses: [], version: '1' };
      try {
        const won = await campaign({ driver, clock, entropy, logger: nullLogger, proveGone, claim }, controller.signal);
        const { token, sentMs, cause } = won;
        takeovers.push({ candidate: index, token, cause, atMs: truth.bootMs() - startMs });
        started.lease = holdLease({ driver, clock, entropy, logger: nullLogger, token, sentMs });
        started.lease.onChange((state) => {
          if (state.kind === 'lost') end(0);
        });
      } catch (cause) {
        if (!controller.signal.aborted) throw cause;
      }
    }
    function begin(): void {
      starts += 1;
      current = { instance: `c${index}-${starts}`, controller: new AbortController(), lease: undefined };
      void run(current);
    }
    function end(downMs: number): void {
      if (!current) return;
      dead.add(current.instance);
      current.controller.abort(new Error('ended'));
      void current.lease?.stop();
      current = undefined;
      restart = truth.setTimer(downMs, begin);
    }
    begin();
    return {
      isHolder: () => current?.lease?.state().kind === 'held',
      end,
      freeze(forMs: number) {
        if (frozen) return;
        frozen = Promise.withResolvers<void>();
        truth.setTimer(forMs, thaw);
      },
      heal() {
        thaw();
        if (current) return;
        restart?.cancel();
        begin();
      },
      release: () => void current?.lease?.stop().then(() => end(0)),
      async stop() {
        current?.controller.abort(new Error('the test ends'));
        await current?.lease?.stop();
      },
    };
  });

  const holders = (): number[] => members.flatMap((member, index) => (member.isHolder() ? [index] : []));

  return {
    get nowMs() {
      return truth.bootMs() - startMs;
    },
    holders,
    takeovers,
    overlaps,
    freeze: (candidate, forMs) => void members[candidate]?.freeze(forMs),
    kill: (candidate, downMs) => members[candidate]?.end(downMs),
    stopCleanly: (candidate) => members[candidate]?.release(),
    setOutage: (now) => void (isOut = now),
    heal() {
      isHealed = true;
      isOut = false;
      for (const member of members) member.heal();
    },
    async advance(ms) {
      for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
        await truth.advance(Math.min(STEP_MS, leftMs));
        const now = holders();
        if (now.length > 1) overlaps.push(`at ${truth.bootMs() - startMs} ms: ${now.join(' and ')}`);
      }
    },
    async stop() {
      const stopped = members.map((member) => member.stop());
      await truth.advance(10_000);
      await Promise.all(stopped);
      await database.stop();
    },
  };
}
