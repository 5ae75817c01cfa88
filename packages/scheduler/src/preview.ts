import { assert } from '@cloudless/kernel';
import type { PlanPreview, Unplaced, WorkloadRow } from '@cloudless/proto';
import { computeAsk, type Ask } from './ask.ts';
import { explainUnplaced } from './explain.ts';
import { findRefusal } from './feasible/filters.ts';
import { createLedger } from './ledger.ts';
import { NO_NODES } from './node-list.ts';
import { createPlacer } from './placer.ts';
import { computeScore } from './score/score.ts';
import { DEFAULT_WEIGHTS, type ScoreWeights } from './score/weights.ts';
import { withoutWorkload, type Snapshot, type SnapshotNode } from './snapshot.ts';

/**
 * Dry run of a workload as `workload` describes it: where each replica would start and why, and what every other device lacks.
 * Of a workload that exists, its own allocations are taken as gone, because the preview shows where an update ends, not its steps.
 */
export function previewPlan(current: Snapshot, workload: WorkloadRow, weights: ScoreWeights = DEFAULT_WEIGHTS): PlanPreview {
  const ask = computeAsk(current, workload);
  const snapshot = withoutWorkload(current, workload.id);
  const ledger = createLedger(snapshot);
  const placer = createPlacer(ask, ledger, weights, workload.spec.replicas);
  const placements: PlanPreview['placements'] = [];
  const unplaced: Unplaced[] = [];
  for (let slot = 0; slot < workload.spec.replicas; slot += 1) {
    const choice = placer.place();
    if (choice)
      placements.push({
        slot,
        nodeId: choice.node.row.id,
        nodeName: choice.node.row.name,
        message: choice.message,
        params: choice.params,
        terms: { ...choice.terms },
      });
    else unplaced.push({ slot, ...explainUnplaced(ask, ledger.candidatesOf(ask.orgId).toArray()) });
  }
  const chosen = new Set(placements.map((placement) => placement.nodeId));
  const rejected = (snapshot.nodesOfOrg.get(ask.orgId) ?? NO_NODES).nodes
    .filter((node) => !chosen.has(node.row.id))
    .map((node) => rejection(ask, node, snapshot, chosen, weights));
  return { placements, unplaced, rejected, requests: { ...ask.requests }, basedOn: snapshot.revision };
}

type Rejection = PlanPreview['rejected'][number];

function rejection(
  ask: Ask,
  node: SnapshotNode,
  snapshot: Snapshot,
  chosen: ReadonlySet<SnapshotNode['row']['id']>,
  weights: ScoreWeights,
): Rejection {
  const base = { nodeId: node.row.id, nodeName: node.row.name };
  const filter = findRefusal(ask, node);
  if (filter) return { ...base, filter: filter.name, ...filter.explain(ask, [node]) };
  const [winnerId] = chosen;
  if (winnerId === undefined)
    return { ...base, filter: 'score', message: `${node.row.name} fits; no replica is wanted`, params: { node: node.row.name } };
  const winner = snapshot.nodes.get(winnerId);
  assert(winner, 'a chosen node is in the snapshot');
  const [own, best] = [computeScore(ask, node, weights), computeScore(ask, winner, weights)];
  return {
    ...base,
    filter: 'score',
    message: `${node.row.name} fits; ${winner.row.name} scored higher (${best.toFixed(3)} against ${own.toFixed(3)})`,
    params: { node: node.row.name, winner: winner.row.name, best, own },
  };
}
