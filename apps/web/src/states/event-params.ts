import type { ClusterEvent } from '@cloudless/proto';

type Told = Pick<ClusterEvent, 'kind' | 'params' | 'actor'>;

/** Whom a sentence without a name is about: the device of a device's event, the person of a person's. */
function findName({ kind, params, actor }: Told): string | number | undefined {
  if (params['name'] !== undefined) return params['name'];
  if (kind.startsWith('node.')) return params['node'];
  return kind.startsWith('person.') || kind === 'cluster.claimed' ? actor.name : undefined;
}

/** What the sentence of an event can be filled with. Slots count from 0; people count replicas from 1. */
export function paramsOfEvent(event: Told): Readonly<Record<string, string | number>> {
  const { slot } = event.params;
  const name = findName(event);
  return { ...event.params, ...(typeof slot === 'number' ? { replica: slot + 1 } : {}), ...(name === undefined ? {} : { name }) };
}
