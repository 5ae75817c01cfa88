/**
 * Weights of `S = w_l·locality + w_r·reliability + w_c·cost + w_u·utilisation − w_n·networkPenalty` (CLD-REQ-021), plus the penalty for
 * a node on which this very template failed. Only terms with a measured input enter the sum: today `utilisation`, `networkPenalty`,
 * `recentFailure` and `crowding`. Locality, reliability and cost keep their weights here and contribute nothing until something measures them;
 * inventing a constant for them would only look like knowledge.
 */
export type ScoreWeights = {
  readonly locality: number;
  readonly reliability: number;
  readonly cost: number;
  readonly utilisation: number;
  readonly networkPenalty: number;
  readonly recentFailure: number;
  readonly crowding: number;
};

export const DEFAULT_WEIGHTS: ScoreWeights = {
  locality: 0.3,
  reliability: 0.25,
  cost: 0.15,
  utilisation: 0.2,
  networkPenalty: 0.1,
  recentFailure: 0.3,
  // One device that dies should take one replica with it: a first neighbour outweighs how full and how connected a device is.
  crowding: 0.7,
};
