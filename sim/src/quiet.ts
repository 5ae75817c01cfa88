/**
 * Resolves when every promise and callback that is ready has run, however long their chains: only then may time go on, or two runs of
 * one seed would differ by how chains happen to interleave.
 */
export const untilQuiet = (): Promise<void> =>
  new Promise((resolve) => {
    // The real event loop is what empties Node's queues; no virtual time passes in it.
    // oxlint-disable-next-line eslint/no-restricted-globals
    setImmediate(resolve);
  });
