export { createCoordinator, type Coordinator, type CoordinatorOptions } from './coordinator.ts';
export { CONFIG_VARIABLES, parseConfig, type CoordinatorConfig } from './config.ts';
export { createControlPlane, type ControlPlane } from './control-plane/index.ts';
export { createNodeSessions, type NodeSessionsOptions, type NodeSessionsServer } from './node-sessions/index.ts';
export { CRASH_POINTS, type CrashPointName } from './crash-points.ts';
export type { ApiParts, ControlPlaneParts } from './parts.ts';
export {
  campaign,
  holdLease,
  leaseAgeMs,
  noProof,
  watchSoleLead,
  type CampaignOptions,
  type Lease,
  type LeaseState,
  type ProveGone,
  type SoleLead,
  type Won,
} from './leadership/index.ts';
export { watchCutOff } from './leadership/cut-off.ts';
export { createAttendance } from './leadership/peer/attendance.ts';
export { createPassOn, type PassOn, type PassOnOptions } from './leadership/peer/pass-on.ts';
export { createPeerServer } from './leadership/peer/peer-server.ts';
