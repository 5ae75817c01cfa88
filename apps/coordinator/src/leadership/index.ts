export { campaign, type CampaignOptions, type Won } from './campaign.ts';
export { type TakeoverCause } from './decide-candidacy.ts';
export { holdLease, leaseAgeMs, type HoldLeaseOptions, type Lease } from './hold-lease.ts';
export { withLease } from './leased-driver.ts';
export { type LeaseState } from './lease.ts';
export { noProof, type ProveGone } from './prove-gone.ts';
export { watchSoleLead, type SoleLead } from './sole-lead.ts';
