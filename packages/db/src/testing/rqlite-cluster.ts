export type RqliteClusterNode = { readonly id: string; readonly url: string };

/** One node or three of rqlite, real ones or the double's: what a test of either needs. */
export interface RqliteCluster {
  readonly nodes: readonly RqliteClusterNode[];
  leader(): Promise<RqliteClusterNode>;
  /** The leader hands over to another node, in good order. */
  changeLeader(): Promise<void>;
  /** The leader is gone at once; the others choose anew. */
  killLeader(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
