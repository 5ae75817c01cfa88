import type { ApiParts } from '../parts.ts';
import type { Handlers } from './call.ts';
import { createAccountProcedures } from './procedures/account.ts';
import { createClusterProcedures } from './procedures/cluster.ts';
import { createEventProcedures } from './procedures/events.ts';
import { createJoinProcedures } from './procedures/joins.ts';
import { createLendProcedures } from './procedures/lend-nodes.ts';
import { createLiveProcedures } from './procedures/live.ts';
import { createLogProcedures } from './procedures/logs.ts';
import { createNodeProcedures } from './procedures/nodes.ts';
import { createWorkloadProcedures } from './procedures/workloads.ts';
import { createViews } from './views.ts';

/** What answers each procedure of the contract. */
export function createHandlers(parts: ApiParts): Handlers {
  const views = createViews(parts);
  return {
    ...createAccountProcedures(parts),
    ...createClusterProcedures(parts),
    ...createNodeProcedures(parts, views),
    ...createJoinProcedures(parts),
    ...createLendProcedures(parts, views),
    ...createWorkloadProcedures(parts, views),
    ...createEventProcedures(parts),
    ...createLiveProcedures(parts, views),
    ...createLogProcedures(parts),
  };
}
