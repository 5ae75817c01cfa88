import { coordinatorIdSchema, nodeIdSchema, type ClusterId, type CoordinatorId, type NodeId } from '@cloudless/proto';

export type SpiffeId = `spiffe://${string}/${string}`;

/** Who a SPIFFE id of this release names. */
export type SpiffeSubject =
  | { readonly kind: 'node'; readonly nodeId: NodeId }
  /** What agents talk to, whichever coordinator it is. */
  | { readonly kind: 'coordinator' }
  /** One coordinator to another. */
  | { readonly kind: 'peer'; readonly coordinatorId: CoordinatorId };

/** `<the random part of the cluster's id>.cloudless`: unique without coordination, and a host name to a URI name constraint. */
export const trustDomainOf = (clusterId: ClusterId): string => `${clusterId.slice(clusterId.indexOf('_') + 1)}.cloudless`;

export function formatSpiffeId(trustDomain: string, subject: SpiffeSubject): SpiffeId {
  switch (subject.kind) {
    case 'node':
      return `spiffe://${trustDomain}/node/${subject.nodeId}`;
    case 'coordinator':
      return `spiffe://${trustDomain}/coordinator`;
    case 'peer':
      return `spiffe://${trustDomain}/coordinator/${subject.coordinatorId}`;
  }
}

/** @returns `undefined` when the text is not a SPIFFE id (SPIFFE-ID §2) that this release knows */
export function parseSpiffeId(text: string): { readonly trustDomain: string; readonly subject: SpiffeSubject } | undefined {
  const match = /^spiffe:\/\/([a-z0-9._-]{1,255})\/(?:(coordinator)|(coordinator|node)\/([a-z0-9_]{1,64}))$/.exec(text);
  const trustDomain = match?.[1];
  if (trustDomain === undefined) return undefined;
  if (match?.[2] !== undefined) return { trustDomain, subject: { kind: 'coordinator' } };
  if (match?.[3] === 'coordinator') {
    const coordinatorId = coordinatorIdSchema.safeParse(match[4]);
    return coordinatorId.success ? { trustDomain, subject: { kind: 'peer', coordinatorId: coordinatorId.data } } : undefined;
  }
  const nodeId = nodeIdSchema.safeParse(match?.[4]);
  return nodeId.success ? { trustDomain, subject: { kind: 'node', nodeId: nodeId.data } } : undefined;
}
