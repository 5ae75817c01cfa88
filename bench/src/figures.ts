/** Percentiles of one measure, in its unit. */
export type Figures = {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
};

/** Nearest-rank percentile of sorted values. */
function percentile(sorted: readonly number[], share: number): number {
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? Number.NaN;
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    n: sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** One line of a result: what was measured, in which unit, against which goal. */
export type Measure = {
  readonly name: string;
  readonly unit: string;
  /** The figure to quote. */
  readonly value: number;
  /** From the list of goals; absent where there is none. */
  readonly goal?: string;
  readonly met?: boolean;
  readonly figures?: Figures;
  /** Every sample, in order, so that another reader can compute what we did not. */
  readonly raw?: readonly number[];
  readonly note?: string;
};

/** Smaller or shorter than the list of goals has it: to try a benchmark out. */
export type Size = { readonly devices?: number; readonly outageS?: number; readonly samples?: number };

/** A benchmark's result: `id` is the row of the list of goals that it serves. */
export type Result = {
  readonly id: string;
  readonly title: string;
  readonly method: string;
  readonly measures: readonly Measure[];
  readonly leftOut: readonly string[];
};
