import { eventKindSchema, eventSchema, readStored, type ClusterEvent } from '@cloudless/proto';
import { z } from 'zod';
import type { SqlDriver, SqlValue, Statement } from '../sql/driver.ts';
import type { EventQuery } from './store.ts';

export const EVENT_COLUMNS = [
  'id',
  'org_id',
  'project_id',
  'revision',
  'position',
  'at',
  'kind',
  'workload_id',
  'node_id',
  'body',
] as const;

/** In the order of `EVENT_COLUMNS`. @param position of the event in its batch: order within a revision */
export const eventValues = (event: ClusterEvent, position: number): readonly SqlValue[] => [
  event.id,
  event.orgId,
  event.projectId ?? null,
  event.revision,
  position,
  event.at,
  event.kind,
  event.workloadId ?? null,
  event.nodeId ?? null,
  JSON.stringify(event),
];

type Condition = { readonly sql: string; readonly params: readonly SqlValue[] };

function conditionsOf(query: EventQuery): readonly Condition[] {
  const conditions: Condition[] = [{ sql: 'org_id = ?', params: [query.orgId] }];
  if (query.workloadId !== undefined) conditions.push({ sql: 'workload_id = ?', params: [query.workloadId] });
  if (query.nodeId !== undefined) conditions.push({ sql: 'node_id = ?', params: [query.nodeId] });
  if (query.kinds !== undefined)
    conditions.push({ sql: 'kind IN (SELECT value FROM json_each(?))', params: [JSON.stringify(query.kinds)] });
  if (query.before !== undefined) {
    const { revision, id } = query.before;
    // An event that retention removed has no position; its revision alone then bounds the page.
    conditions.push({ sql: '(revision, position) < (?, coalesce((SELECT position FROM event WHERE id = ?), 0))', params: [revision, id] });
  }
  return conditions;
}

/** Newest first. */
export async function readEvents(driver: SqlDriver, query: EventQuery, signal?: AbortSignal): Promise<readonly ClusterEvent[]> {
  const conditions = conditionsOf(query);
  const statement: Statement = {
    sql: `SELECT kind, body FROM event WHERE ${conditions.map(({ sql }) => sql).join(' AND ')} ORDER BY revision DESC, position DESC LIMIT ?`,
    params: [...conditions.flatMap(({ params }) => params), query.limit],
  };
  const { rows } = await driver.query(statement, signal ? { signal } : {});
  return rows.map(([kind, body]) => readEvent(String(kind), String(body)));
}

/** One of a kind that only a later release knows keeps its message, so that the page of it can be read. */
function readEvent(kind: string, body: string): ClusterEvent {
  if (eventKindSchema.safeParse(kind).success) return readStored(eventSchema, body);
  const { params, ...event } = readStored(eventSchema.extend({ kind: z.string() }), body);
  return { ...event, kind: 'event.unknown', params: { ...params, kind, message: event.message } };
}
