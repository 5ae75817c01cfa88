import type { BatchOutcome, SqlDriver, Statement } from '../sql/driver.ts';

/** What becomes of a batch whose answer is lost: it happened, it never will, or it happens when `deliverLate` is called. */
export type Loss = 'happened' | 'never' | 'late';

export interface LossyDriver extends SqlDriver {
  /** Sends what was late. */
  deliverLate(): Promise<readonly BatchOutcome[]>;
}

/**
 * The real driver behind a network that loses answers.
 *
 * @param decide is asked for each batch by its id; `undefined` passes it on
 */
export function createLossyDriver(driver: SqlDriver, decide: (id: string) => Loss | undefined): LossyDriver {
  const late: { readonly statements: readonly Statement[]; readonly id: string }[] = [];
  return {
    query: (statement, options) => driver.query(statement, options),
    async batch(statements, options) {
      const loss = decide(options.id);
      if (loss === undefined) return driver.batch(statements, options);
      if (loss === 'happened') await driver.batch(statements, options);
      if (loss === 'late') late.push({ statements, id: options.id });
      return { kind: 'unknown', reason: 'the answer was lost' };
    },
    async deliverLate() {
      const outcomes: BatchOutcome[] = [];
      for (const { statements, id } of late.splice(0)) outcomes.push(await driver.batch(statements, { id }));
      return outcomes;
    },
    stop: () => driver.stop(),
  };
}
