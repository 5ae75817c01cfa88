import type { Ask } from './ask.ts';
import type { AskFilter } from './feasible/filter.ts';
import { listFilters } from './feasible/filters.ts';
import { CELL, OPEN, type NodeList } from './node-list.ts';
import { computeScore } from './score/score.ts';
import { freeSumAt, utilisationOf } from './score/utilisation.ts';
import type { ScoreWeights } from './score/weights.ts';
import type { SnapshotNode } from './snapshot.ts';

/** More than what rounding may take from a sum of shares. */
const EPSILON = 1e-9;

/**
 * The filters and the score over a whole list. It finds of each node what they say of it, and reads a node's rows only where its cells do not tell.
 *
 * @param isSkipped positions to leave out are marked with 1
 * @param consider is given each node that fits, with its score. It returns the least score that matters from then on: nodes that cannot reach it are
 *   counted and not scored
 * @returns how many nodes fit
 */
export function scanNodes(
  ask: Ask,
  weights: ScoreWeights,
  { nodes, blocks }: NodeList,
  isSkipped: Uint8Array | undefined,
  consider: (position: number, score: number) => number,
): number {
  const { cpuMillicores, memoryBytes, storageBytes } = ask.requests;
  const { always, lentToSome } = listFilters(ask);
  // What the workload itself has on nodes stands in maps by id.
  const isNew = ask.replicasOn.size + ask.failuresOn.size === 0;
  let fitting = 0;
  let least = -Infinity;
  let mostFree = Infinity;
  let first = 0;
  for (const cells of blocks) {
    // One loop without calls: of thousands of nodes, few get beyond it.
    for (let at = 0, position = first; at < cells.length; at += CELL.width, position += 1) {
      const openness = cells[at + CELL.openness] ?? 0;
      const cpuLeft = (cells[at + CELL.cpuLeft] ?? 0) - cpuMillicores;
      const memoryLeft = (cells[at + CELL.memoryLeft] ?? 0) - memoryBytes;
      if (openness === OPEN.toNobody || cpuLeft < 0 || memoryLeft < 0 || (cells[at + CELL.storageLeft] ?? 0) < storageBytes) continue;
      if (isSkipped !== undefined && isSkipped[position] === 1) continue;
      const filters = openness === OPEN.toAll ? always : lentToSome;
      if (filters.length > 0 && !passes(filters, ask, nodes[position])) continue;
      fitting += 1;
      const cpu = cells[at + CELL.cpu] ?? 0;
      const memory = cells[at + CELL.memory] ?? 0;
      const freeCpu = cpu > 0 ? cpuLeft / cpu : 0;
      const freeMemory = memory > 0 ? memoryLeft / memory : 0;
      if (freeCpu + freeMemory > mostFree) continue;
      const node = isNew ? undefined : nodes[position];
      const score = node
        ? computeScore(ask, node, weights)
        : weights.utilisation * utilisationOf(freeCpu, freeMemory) - weights.networkPenalty * (cells[at + CELL.networkPenalty] ?? 0);
      const next = consider(position, score);
      if (next === least) continue;
      least = next;
      mostFree = weights.utilisation > 0 ? freeSumAt(least / weights.utilisation) + EPSILON : Infinity;
    }
    first += cells.length / CELL.width;
  }
  return fitting;
}

const passes = (filters: readonly AskFilter[], ask: Ask, node: SnapshotNode | undefined): boolean =>
  node !== undefined && filters.every((filter) => filter.check(ask, node));
