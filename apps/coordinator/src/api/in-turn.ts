import { CloudlessError } from '@cloudless/proto';

const MAX_WAITING = 1000;

/** Runs what it is given one after the other. @throws CloudlessError `overloaded` when too much waits already */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (work) => {
    if (waiting >= MAX_WAITING) throw new CloudlessError('overloaded', `${MAX_WAITING} apps are being made already.`);
    waiting += 1;
    const mine = last.then(work).finally(() => {
      waiting -= 1;
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}
