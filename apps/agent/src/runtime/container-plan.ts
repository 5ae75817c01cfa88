import { effectiveResources, type Assignment } from '@cloudless/proto';
import type { ContainerPlan, Owner } from './runtime.ts';
import { expandVariables } from './expand-variables.ts';
import { specHashOf } from './spec-hash.ts';

/** What the agent itself tells each allocation, and no spec can overrule. */
function identityVariables(assignment: Assignment, nodeName: string): Record<string, string> {
  return {
    CLOUDLESS_NODE_NAME: nodeName,
    CLOUDLESS_WORKLOAD: assignment.workloadName,
    CLOUDLESS_ALLOCATION_ID: assignment.allocationId,
    CLOUDLESS_SLOT: String(assignment.slot),
    // As people count them.
    CLOUDLESS_REPLICA: String(assignment.slot + 1),
  };
}

/**
 * The container of an assignment.
 *
 * @param nodeName what `CLOUDLESS_NODE_NAME` says
 * @param isBuiltIn whether Cloudless assembles the image itself: such containers get a read-only root and an open standard input
 */
export function planContainer(
  assignment: Assignment,
  owner: Owner,
  nodeName: string,
  isBuiltIn: (image: string) => boolean,
): ContainerPlan {
  const { spec } = assignment;
  const env = { ...spec.env, ...identityVariables(assignment, nodeName) };
  const builtIn = isBuiltIn(spec.image);
  const { cpuMillicores, memoryBytes, pids } = effectiveResources(spec).limits;
  return {
    owner,
    allocationId: assignment.allocationId,
    workloadId: assignment.workloadId,
    workloadName: assignment.workloadName,
    generation: assignment.generation,
    specHash: specHashOf(assignment),
    name: `cloudless-${assignment.workloadName}-${assignment.slot}-${assignment.allocationId.slice('alloc_'.length, 'alloc_'.length + 8)}`,
    image: spec.image,
    ...(spec.command ? { command: spec.command.map((word) => expandVariables(word, env)) } : {}),
    ...(spec.args ? { args: spec.args.map((word) => expandVariables(word, env)) } : {}),
    env,
    limits: { cpuMillicores, memoryBytes, pids },
    ports: spec.ports,
    graceMs: spec.terminationGraceMs,
    exclusive: spec.exclusive,
    readOnlyRoot: builtIn,
    stdinOpen: builtIn,
  };
}
