import type { Checker, View } from './checker.ts';

/**
 * Of coordinators with leases, no two hold the lead at once by their own counts, paused ones included: whoever holds it may answer
 * reads and grant leases.
 */
export const oneLeader: Checker = {
  name: 'no two leaders hold the lead at once',
  look({ leaders }: View) {
    const holding = leaders.filter(({ holds }) => holds);
    return holding.length > 1 ? `${holding.map(({ name, token }) => `${name} with token ${token}`).join(' and ')} hold it` : undefined;
  },
};
