import type { Store } from '@cloudless/db';
import { ATTEMPT, type Attempt } from '../history.ts';
import type { Checker, View } from './checker.ts';

/**
 * What was acknowledged is there, or something that was asked for later; what was refused is not. A write without an answer may be
 * either.
 */
function findLost(attempts: readonly Attempt[], store: Store): string | undefined {
  const [first] = attempts;
  if (!first) return undefined;
  const { workloadId } = first;
  const row = store.get('workload', workloadId)?.row;
  const newest = attempts.filter(({ outcome }) => outcome === 'acknowledged').at(-1);
  if (!row) {
    if (!newest || attempts.some(({ isDelete, outcome }) => isDelete && outcome !== 'refused')) return undefined;
    return `${workloadId} is gone: generation ${newest.generation} was acknowledged, and nobody deleted it`;
  }
  const written = attempts.find(({ id }) => String(id) === row.annotations[ATTEMPT]);
  if (!written || written.outcome === 'refused') return `${workloadId} holds attempt ${row.annotations[ATTEMPT]}, which was refused`;
  if (newest && row.generation < newest.generation)
    return `${workloadId} is at generation ${row.generation}, and ${newest.generation} was acknowledged`;
  if (newest && row.generation === newest.generation && written.id !== newest.id)
    return `${workloadId} holds attempt ${written.id}, and attempt ${newest.id} of the same generation was acknowledged`;
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
