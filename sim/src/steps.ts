/** Steps for one turn of the real event loop: its queues are emptied between any two of them, and its kernel call is shared by all. */
const STEPS_A_TURN = 128;

/**
 * Takes one step after the other until `step` says that none is left. Between two steps every promise and callback that is ready has
 * run, however long their chains: only then may time go on, or two runs of one seed would differ by how chains happen to interleave.
 *
 * @returns when the last step is worked off; rejects with what `step` throws
 */
export function runSteps(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    function take(): void {
      if (isOver) return;
      try {
        isOver = !step();
        if (isOver) resolve();
      } catch (cause) {
        isOver = true;
        reject(cause as Error);
      }
    }
    function fill(): void {
      // The real event loop is what empties Node's queues, between any two immediates; no virtual time passes in it.
      for (let count = 0; count < STEPS_A_TURN && !isOver; count += 1) {
        // oxlint-disable-next-line eslint/no-restricted-globals
        setImmediate(take);
      }
      // oxlint-disable-next-line eslint/no-restricted-globals
      if (!isOver) setImmediate(fill);
    }
    fill();
  });
}
