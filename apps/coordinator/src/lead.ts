import type { CoordinatorId, Leadership } from '@cloudless/proto';
import type { LeaderRow } from '@cloudless/db';
import type { Lease, TakeoverCause } from './leadership/index.ts';
import type { Attendance } from './leadership/peer/attendance.ts';
import type { PeerDoor } from './leadership/peer/peer-door.ts';

/** By what right this coordinator writes. */
export type Lead =
  /** Its database is its own. */
  | { readonly kind: 'sole' }
  /** It holds the lease of a store that several share. */
  | {
      readonly kind: 'leased';
      readonly coordinatorId: CoordinatorId;
      readonly lease: Lease;
      readonly cause: TakeoverCause;
      readonly before: LeaderRow | undefined;
      readonly peers: { readonly door: PeerDoor; readonly attendance: Attendance };
    };

/** What the API tells of it. */
export function describeLead(lead: Lead): Leadership {
  if (lead.kind === 'sole') return { state: 'sole' };
  const state = lead.lease.state();
  const { confirmedAt } = lead.lease;
  if (state.kind === 'held') return { state: 'held', confirmedAt };
  const message = state.kind === 'lost' ? state.reason : (lead.lease.trouble ?? 'no renewal was answered');
  return { state: 'unconfirmed', confirmedAt, cause: { code: state.kind === 'lost' ? 'lead_lost' : 'lead_unconfirmed', message } };
}

/** Whether what is read may be older than what another coordinator wrote. */
export interface Staleness {
  /** Wall time since which; `undefined` while it is not. */
  since(): number | undefined;
  onChange(listener: () => void): () => void;
}

export const stalenessOf = (lead: Lead): Staleness => ({
  since: () => staleSince(lead),
  onChange: (listener) => (lead.kind === 'sole' ? () => undefined : lead.lease.onChange(listener)),
});

function staleSince(lead: Lead): number | undefined {
  const described = describeLead(lead);
  return described.state === 'unconfirmed' ? described.confirmedAt : undefined;
}
