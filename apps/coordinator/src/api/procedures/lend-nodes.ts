import { isDeepStrictEqual } from 'node:util';
import type { Mutation } from '@cloudless/db';
import type { ClusterEvent, NodeId, NodeRow } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import type { Caller } from '../../people/people.ts';
import type { Handlers } from '../call.ts';
import { getNode } from '../owned-rows.ts';
import type { Views } from '../views.ts';
import { tell, writeRows } from '../write-rows.ts';

type Names = 'node.setLending' | 'node.pause' | 'node.drain';
type Parts = Pick<ApiParts, 'store' | 'clock' | 'entropy'>;
type Told = Pick<ClusterEvent, 'kind' | 'message'>;

/** What an owner lends of a device, and when. */
export function createLendProcedures(parts: Parts, { viewNode }: Views): Pick<Handlers, Names> {
  const { store, clock } = parts;

  /** @param decide the row as asked for, and what is new in words; the same row when it is so already */
  async function change(caller: Caller, nodeId: NodeId, decide: (row: NodeRow) => readonly [row: NodeRow, told: Told]) {
    const read = () => getNode(store, nodeId, caller);
    await writeRows(parts, read, ({ row, version }): readonly Mutation[] => {
      const [next, told] = decide(row);
      if (isDeepStrictEqual(next, row)) return [];
      return [
        { kind: 'put', table: 'node', row: { ...next, updatedAt: clock.now() }, expect: version },
        tell(parts, caller, { ...told, nodeId: row.id, params: { node: row.name, name: row.name } }),
      ];
    });
    return viewNode(read().row);
  }

  return {
    'node.setLending': ({ caller, input: { nodeId, lending } }) =>
      change(caller, nodeId, ({ lending: before, ...row }) => {
        const rule = { ...lending, ...(before?.pausedAt === undefined ? {} : { pausedAt: before.pausedAt }) };
        const isEmpty = Object.keys(rule).length === 0;
        return [
          { ...row, ...(isEmpty ? {} : { lending: rule }) },
          { kind: 'node.lendingChanged', message: `${caller.name} changed what ${row.name} lends` },
        ];
      }),
    'node.pause': ({ caller, input: { nodeId, paused } }) =>
      change(caller, nodeId, ({ lending: before, ...row }) => {
        const { pausedAt, ...rule } = before ?? {};
        const told: Told = paused
          ? { kind: 'node.lendingStopped', message: `${caller.name} took ${row.name} back: what runs there is stopped and moved` }
          : { kind: 'node.lendingStarted', message: `${caller.name} lends ${row.name} again` };
        const next = paused ? { ...rule, pausedAt: pausedAt ?? clock.now() } : rule;
        return [{ ...row, ...(Object.keys(next).length === 0 ? {} : { lending: next }) }, told];
      }),
    'node.drain': ({ caller, input: { nodeId, draining, deadlineMs } }) =>
      change(caller, nodeId, ({ drain: before, ...row }) => {
        if (!draining) return [row, { kind: 'node.uncordoned', message: `${row.name} is not drained any more` }];
        const cause = { code: 'drained_by_person', message: `${caller.name} drains it.`, params: { name: caller.name } };
        return [
          {
            ...row,
            drain: {
              ...(before ?? { sinceAt: clock.now(), purpose: 'empty', cause }),
              ...(deadlineMs === undefined ? {} : { deadlineAt: clock.now() + deadlineMs }),
            },
          },
          { kind: 'node.draining', message: `${caller.name} drains ${row.name}: what runs there is moved` },
        ];
      }),
  };
}
