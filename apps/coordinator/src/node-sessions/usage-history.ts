import type { Usage } from '@cloudless/proto';

const KEPT_MS = 15 * 60_000;
/** Samples kept of one device, whatever it sends: 15 minutes at one a second. */
const MAX_SAMPLES = 900;
const FIRST_SAMPLES = 16;

/** Each is a number of a sample, at its place; `NaN` stands for what was not measured. */
const COLUMNS = ['at', 'cpuMillicores', 'memoryBytes', 'storageBytes', 'networkRxBps', 'networkTxBps'] as const;
const WIDTH = COLUMNS.length;

/** The last 15 minutes of what one device uses. */
export interface UsageHistory {
  /** A sample's own time is the device's clock and may be wrong, so that it is stamped here. */
  add(usage: Usage, now: number): void;
  /** The newest. */
  readonly last: Usage | undefined;
  /** All, the oldest first. */
  list(): readonly Usage[];
}

/** A ring of numbers that grows as it is filled: as objects, the samples of five thousand devices would be over a hundred megabytes. */
export function createUsageHistory(): UsageHistory {
  let cells = new Float64Array(0);
  /** Position of the oldest. */
  let first = 0;
  let count = 0;

  const capacity = (): number => cells.length / WIDTH;
  const startOf = (index: number): number => ((first + index) % capacity()) * WIDTH;

  function dropFirst(): void {
    first = (first + 1) % capacity();
    count -= 1;
  }

  function grow(): void {
    const grown = new Float64Array(Math.min(MAX_SAMPLES, Math.max(FIRST_SAMPLES, Math.ceil(1.5 * capacity()))) * WIDTH);
    for (let index = 0; index < count; index += 1) grown.set(cells.subarray(startOf(index), startOf(index) + WIDTH), index * WIDTH);
    cells = grown;
    first = 0;
  }

  function read(index: number): Usage {
    const start = startOf(index);
    const measured = COLUMNS.flatMap((name, column) => {
      const value = cells[start + column] ?? Number.NaN;
      return Number.isNaN(value) ? [] : [[name, value] as const];
    });
    return Object.fromEntries(measured) as Usage;
  }

  return {
    add(usage, now) {
      while (count > 0 && now - (cells[startOf(0)] ?? now) >= KEPT_MS) dropFirst();
      if (count === MAX_SAMPLES) dropFirst();
      if (count === capacity()) grow();
      const start = startOf(count);
      COLUMNS.forEach((name, column) => (cells[start + column] = name === 'at' ? now : (usage[name] ?? Number.NaN)));
      count += 1;
    },
    get last() {
      return count > 0 ? read(count - 1) : undefined;
    },
    list: () => Array.from({ length: count }, (_, index) => read(index)),
  };
}
