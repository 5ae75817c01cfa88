/** Anything that is stopped once, in order. */
export interface Stoppable {
  stop(): Promise<void> | void;
}

export interface Lifecycle {
  /** Aborts when `stop` begins. */
  readonly signal: AbortSignal;
  /** Registers a part; parts stop in reverse order of registration. */
  add<T extends Stoppable>(name: string, part: T): T;
  /** Stops every part once, even when one fails; rejects with an AggregateError of what failed. */
  stop(): Promise<void>;
}

/** Collects parts as they start and stops them in reverse: the last thing opened is the first closed. */
export function createLifecycle(): Lifecycle {
  const controller = new AbortController();
  const parts: { name: string; part: Stoppable }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    controller.abort(new Error('stopping'));
    const failures: Error[] = [];
    for (const { name, part } of parts.toReversed()) {
      try {
        await part.stop();
      } catch (cause) {
        failures.push(new Error(`stopping ${name} failed`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
  }

  return {
    signal: controller.signal,
    add(name, part) {
      parts.push({ name, part });
      return part;
    },
    stop: () => (stopping ??= stopAll()),
  };
}
