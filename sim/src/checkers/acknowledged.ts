import type { Store } from '@cloudless/db';
import { attemptOf, findRow, type Attempt } from '../history.ts';
import type { Checker, View } from './checker.ts';

/**
 * What was acknowledged is there, or something that was asked for later; what was refused is not. A write without an answer may be
 * either.
 */
function findLost(attempts: readonly Attempt[], store: Store): string | undefined {
  const [first] = attempts;
  if (!first) return undefined;
  const { rowId } = first;
  const row = findRow(store, rowId);
  const newest = attempts.filter(({ outcome }) => outcome === 'acknowledged').at(-1);
  if (!row) {
    if (!newest || attempts.some(({ isDelete, outcome }) => isDelete && outcome !== 'refused')) return undefined;
    return `${rowId} is gone: generation ${newest.generation} was acknowledged, and nobody deleted it`;
  }
  const written = attempts.find(({ id }) => id === attemptOf(row));
  if (!written || written.outcome === 'refused') return `${rowId} holds attempt ${attemptOf(row)}, which was refused`;
  if (newest && written.generation < newest.generation)
    return `${rowId} is at generation ${written.generation}, and ${newest.generation} was acknowledged`;
  if (newest && written.generation === newest.generation && written.id !== newest.id)
    return `${rowId} holds attempt ${written.id}, and attempt ${newest.id} of the same generation was acknowledged`;
  return undefined;
}

const look = ({ history, store }: View): string | undefined => {
  if (!store) return undefined;
  for (const attempts of history.attempts.values()) {
    const lost = findLost(attempts, store);
    if (lost !== undefined) return lost;
  }
  return undefined;
};

/** Also after every restart, when all that is left is what the disk holds. */
export const acknowledged: Checker = { name: 'an acknowledged write survives', look, atRest: look };
