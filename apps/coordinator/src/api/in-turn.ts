import { CloudlessError, saying } from '@cloudless/proto';

const MAX_WAITING = 1000;

/** Runs work of one subject one after the other, whatever others do meanwhile. @throws CloudlessError `overloaded` when too much waits already */
export type InTurn = <T>(subject: string, work: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  let waiting = 0;
  return async (subject, work) => {
    if (waiting >= MAX_WAITING) {
      throw new CloudlessError('overloaded', `${MAX_WAITING} apps are being made already.`, saying('tooMuchWaits', {}));
    }
    waiting += 1;
    const mine = (last.get(subject) ?? Promise.resolve()).then(work);
    const ended = mine.then(
      () => undefined,
      () => undefined,
    );
    last.set(subject, ended);
    try {
      return await mine;
    } finally {
      waiting -= 1;
      if (last.get(subject) === ended) last.delete(subject);
    }
  };
}
