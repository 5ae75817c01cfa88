import type { NodeRow } from '@cloudless/proto';

/** What the device's own link costs a service, 0 (wired) to 1 (mobile or metered). An unknown link is not held against it. */
export function networkPenalty(row: NodeRow): number {
  const link = row.fingerprint?.link;
  if (!link) return 0;
  if (link.metered === true || link.type === 'mobile') return 1;
  return link.type === 'wifi' ? 0.3 : 0;
}
