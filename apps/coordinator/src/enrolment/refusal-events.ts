import type { Store } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import type { BatchId, EventId, JoinTokenId, OrgId } from '@cloudless/proto';

/** Refusals that leave an event, at most in one window: whoever knocks cannot fill the database. All are counted and logged. */
const MAX_EVENTS = 20;
const WINDOW_MS = 60_000;

export interface RefusalEvents {
  /** Since this coordinator started. */
  readonly count: number;
  record(refusal: {
    readonly message: string;
    readonly code: string;
    readonly tokenId?: JoinTokenId | undefined;
    readonly remoteName?: string;
    readonly remoteAddress?: string | undefined;
    /** Somebody may be at it who should not: an error, which Home shows. */
    readonly isAttack?: boolean | undefined;
  }): Promise<void>;
}

export function createRefusalEvents(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly orgId: OrgId;
}): RefusalEvents {
  const { store, clock, entropy, logger, orgId } = deps;
  let count = 0;
  let windowFrom = -Infinity;
  let inWindow = 0;

  function hasRoom(): boolean {
    const now = clock.bootMs();
    if (now - windowFrom >= WINDOW_MS) {
      windowFrom = now;
      inWindow = 0;
    }
    inWindow += 1;
    return inWindow <= MAX_EVENTS;
  }

  return {
    get count() {
      return count;
    },
    async record({ message, code, tokenId, remoteName, remoteAddress, isAttack = false }) {
      count += 1;
      logger.warn({ op: 'joinToken.refuse', outcome: 'refused', code, tokenId, name: remoteName, remoteAddress });
      if (!hasRoom()) return;
      const params = {
        code,
        ...(tokenId ? { tokenId } : {}),
        ...(remoteName === undefined ? {} : { name: remoteName }),
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
      };
      const event = {
        id: entropy.id('ev') as EventId,
        at: clock.now(),
        kind: isAttack ? 'join.attacked' : 'joinToken.refused',
        severity: isAttack ? 'error' : 'warning',
        orgId,
        actor: { kind: 'system', name: 'enrolment' },
        params,
        message,
      } as const;
      try {
        await store.commit({ id: entropy.id('batch') as BatchId, mutations: [{ kind: 'event', event }] });
      } catch (cause) {
        logger.warn({ op: 'joinToken.refuse', outcome: 'failed' }, cause);
      }
    },
  };
}
