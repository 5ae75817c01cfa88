import { withDeadline, type Clock, type Logger } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';
import type { ObservedContainer, RawLogLine, Runtime } from '../runtime/runtime.ts';
import type { LogPosition, LogStore } from './log-store.ts';

/** Lines written at once, at most. */
const MAX_BATCH = 500;
/** How long removal waits for the last lines of an ended container. */
const DRAIN_DEADLINE_MS = 2_000;
const SWEEP_EVERY_MS = 3_600_000;

/** Copies what own containers print into the log store, so that it outlives them. */
export interface LogCollector {
  /** Follows the container unless it is followed, or was read to its end. */
  follow(container: ObservedContainer): void;
  /** Resolves when the ended container's lines are all stored, or after 2 s. */
  drain(allocationId: AllocationId, containerId: string): Promise<void>;
  retire(allocationId: AllocationId): Promise<void>;
  stop(): Promise<void>;
}

/** `seen`: the container as it was last observed while it is followed. */
type Follower = { readonly done: Promise<void>; seen?: ObservedContainer };

export function createLogCollector(deps: {
  readonly runtime: Pick<Runtime, 'logs'>;
  readonly store: LogStore;
  readonly clock: Clock;
  readonly logger: Logger;
}): LogCollector {
  const { runtime, store, clock, logger } = deps;
  const stopping = new AbortController();
  const followers = new Map<string, Follower>();
  /** Of ended containers: the end up to which they were read. */
  const readToEnd = new Map<string, number>();
  let sweepTimer = clock.setTimer(SWEEP_EVERY_MS, sweep);

  function sweep(): void {
    sweepTimer = clock.setTimer(SWEEP_EVERY_MS, sweep);
    void store.sweep(clock.now()).catch((cause: unknown) => logger.warn({ op: 'logs.sweep', outcome: 'failed' }, cause));
  }

  async function collect(allocationId: AllocationId, containerId: string): Promise<void> {
    const position = await store.position(allocationId);
    const ended = new AbortController();
    const lines = runtime.logs(containerId, position?.timestampNs, AbortSignal.any([stopping.signal, ended.signal]));
    try {
      for await (const batch of inBatches(skipStored(lines, position))) await store.append(allocationId, batch);
    } finally {
      ended.abort(new Error('collecting ended'));
    }
  }

  function follow(container: ObservedContainer): void {
    const { containerId, allocationId, exit } = container;
    const known = followers.get(containerId);
    if (known) known.seen = container;
    if (container.state === 'created' || known || stopping.signal.aborted) return;
    if (exit && readToEnd.get(containerId) === exit.at) return;
    const collected = collect(allocationId, containerId)
      .then(() => {
        if (exit) readToEnd.set(containerId, exit.at);
        return true;
      })
      .catch((cause: unknown) => {
        if (!stopping.signal.aborted) logger.debug({ op: 'logs.collect', outcome: 'failed', allocationId, reason: String(cause) });
        return false;
      });
    const follower: Follower = {
      done: collected.then((isRead) => {
        followers.delete(containerId);
        // Started again before its last lines were read: what it prints now would wait for the next full look.
        if (isRead && follower.seen?.state === 'running') follow(follower.seen);
      }),
    };
    followers.set(containerId, follower);
  }

  return {
    follow,
    async drain(_allocationId, containerId) {
      const follower = followers.get(containerId);
      readToEnd.delete(containerId);
      if (!follower) return;
      await withDeadline(clock, 'reading the last log lines', DRAIN_DEADLINE_MS, () => follower.done).catch((cause: unknown) => {
        logger.warn({ op: 'logs.drain', outcome: 'failed', containerId }, cause);
      });
    },
    retire: (allocationId) => store.retire(allocationId, clock.now()),
    async stop() {
      stopping.abort(new Error('the agent stops'));
      sweepTimer.cancel();
      await Promise.all([...followers.values()].map((follower) => follower.done));
    },
  };
}

/** The engine resumes at a time, inclusive: lines of that very time that are stored are not stored again. */
async function* skipStored(lines: AsyncIterable<RawLogLine>, position: LogPosition | undefined): AsyncIterable<RawLogLine> {
  let toSkip = position?.count ?? 0;
  for await (const line of lines) {
    if (position && line.timestampNs < position.timestampNs) continue;
    if (line.timestampNs === position?.timestampNs && toSkip > 0) {
      toSkip -= 1;
      continue;
    }
    yield line;
  }
}

/** What has come is one batch, at most MAX_BATCH lines; a slow disk makes larger batches and, when full, a slower reader. */
async function* inBatches(lines: AsyncIterable<RawLogLine>): AsyncIterable<readonly RawLogLine[]> {
  const iterator = lines[Symbol.asyncIterator]();
  let pending = iterator.next();
  try {
    for (let first = await pending; !first.done; first = await pending) {
      const batch = [first.value];
      pending = iterator.next();
      for (let next = await settledNow(pending); next && !next.done && batch.length < MAX_BATCH; next = await settledNow(pending)) {
        batch.push(next.value);
        pending = iterator.next();
      }
      yield batch;
    }
  } finally {
    // Not awaited: behind a read that is still open it would wait for the next line. The caller's signal ends that read.
    void iterator.return?.().catch(() => undefined);
    void pending.catch(() => undefined);
  }
}

/** The value of `promise` when it is known within a few microtasks; else `undefined`. */
async function settledNow<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  // A rejection is met where the promise is awaited.
  void promise.then(
    (settled) => (value = settled),
    () => undefined,
  );
  for (let turn = 0; turn < 8 && value === undefined; turn += 1) await Promise.resolve();
  return value;
}
