/**
 * What a client asked of one key, and what it was told. `ok`: it happened. `fail`: it did not, and never will. `unknown`: it may have, or
 * may still. Times are ms of one monotonic clock; an operation took effect, if it did, at one moment between the two.
 */
export type Operation = {
  readonly key: string;
  readonly kind: 'write' | 'read';
  /** What is written, or what was read; absent where there is nothing under the key, or a write removes it. */
  value: string | undefined;
  readonly invokedAtMs: number;
  endedAtMs: number;
  outcome: 'open' | 'ok' | 'fail' | 'unknown';
};

export interface History {
  readonly operations: readonly Operation[];
  invoke(key: string, kind: Operation['kind'], value?: string): Operation;
  end(operation: Operation, outcome: 'ok' | 'fail' | 'unknown', value?: string): void;
}

export function createHistory(nowMs: () => number): History {
  const operations: Operation[] = [];
  return {
    operations,
    invoke(key, kind, value) {
      const operation: Operation = { key, kind, value, invokedAtMs: nowMs(), endedAtMs: Infinity, outcome: 'open' };
      operations.push(operation);
      return operation;
    },
    end(operation, outcome, value) {
      operation.outcome = outcome;
      if (outcome !== 'unknown') operation.endedAtMs = nowMs();
      if (operation.kind === 'read') operation.value = value;
    },
  };
}
