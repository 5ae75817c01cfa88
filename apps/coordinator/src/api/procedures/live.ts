import type { Clock } from '@cloudless/kernel';
import { isAllowed, type LiveChange } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import type { Call, Element, Handlers } from '../call.ts';
import type { Views } from '../views.ts';
import { createLivePending, type LivePending, type Taken } from './live-pending.ts';

/** Silence longer than this means that something is wrong. */
const TICK_MS = 10_000;

type Parts = Pick<ApiParts, 'store' | 'clock' | 'version' | 'sessions' | 'enrolment' | 'staleness' | 'onExplained'>;

/** Something to wait for: `wait` resolves when it rang since the wait before, at the latest after `ms`. */
function createBell(clock: Clock) {
  let rung = Promise.withResolvers<'rung'>();
  return {
    ring: () => rung.resolve('rung'),
    async wait(ms: number): Promise<'rung' | 'silence'> {
      const silence = Promise.withResolvers<'silence'>();
      const timer = clock.setTimer(ms, () => silence.resolve('silence'));
      const heard = await Promise.race([rung.promise, silence.promise]);
      timer.cancel();
      if (heard === 'rung') rung = Promise.withResolvers();
      return heard;
    },
  };
}

/** Every change that a page shows, by one stream: rows as they are now, events as they happened. */
export function createLiveProcedures(
  { store, clock, version, sessions, enrolment, staleness, onExplained }: Parts,
  views: Views,
): Pick<Handlers, 'live.follow'> {
  function* describe({ caller, headers }: Call<'live.follow'>, taken: Taken): Generator<LiveChange> {
    if (taken.overflow) yield { kind: 'reset' };
    for (const id of taken.nodes) {
      const row = store.get('node', id)?.row;
      if (row?.orgId === caller.orgId && row.revokedAt === undefined) yield { kind: 'node', node: views.viewNode(row) };
      else yield { kind: 'nodeGone', nodeId: id };
    }
    for (const id of taken.workloads) {
      const found = store.get('workload', id);
      if (found?.row.orgId === caller.orgId) yield { kind: 'workload', workload: views.viewWorkload(found, headers) };
      else yield { kind: 'workloadGone', workloadId: id };
    }
    for (const id of taken.allocations) {
      const row = store.get('allocation', id)?.row;
      if (row?.orgId === caller.orgId) yield { kind: 'allocation', allocation: views.viewAllocation(row) };
      else yield { kind: 'allocationGone', allocationId: id };
    }
    for (const event of taken.events) yield { kind: 'event', event };
    for (const join of taken.joins) yield { kind: 'join', join };
    for (const { nodeId, usage, allocations } of taken.usage) yield { kind: 'usage', nodeId, usage, allocations: [...allocations] };
  }

  /** Puts what happened after the cursor into `pending`. @returns the cursor, or nothing when it is too old or of another cluster */
  function resume(lastEventId: string, pending: LivePending): number | undefined {
    const after = /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : Infinity;
    const since = store.changesSince(after);
    if (since.kind === 'reset') return undefined;
    for (const batch of since.batches) pending.addBatch(batch);
    return after;
  }

  const tick = (since: number | undefined): Extract<LiveChange, { kind: 'tick' }> => ({
    kind: 'tick',
    at: clock.now(),
    ...(since === undefined ? {} : { staleSince: since }),
  });

  /** The cursor of an element is the newest revision of which everything was told before it. */
  async function* tell(
    call: Call<'live.follow'>,
    pending: LivePending,
    wait: () => Promise<'rung' | 'silence'>,
  ): AsyncGenerator<Element<'live.follow'>> {
    const { lastEventId } = call.input;
    const resumed = lastEventId === undefined ? undefined : resume(lastEventId, pending);
    let told = resumed ?? store.revision;
    if (lastEventId !== undefined && resumed === undefined) yield { id: String(told), data: { kind: 'reset' } };
    let since = staleness.since();
    yield { id: String(told), data: { ...tick(since), version } };
    while (!call.signal.aborted) {
      const taken = pending.take();
      const all = [...describe(call, taken)];
      const next = Math.max(told, taken.revision);
      for (const [index, data] of all.entries()) yield { id: String(index === all.length - 1 ? next : told), data };
      told = next;
      const heard = await wait();
      const before = since;
      since = staleness.since();
      if (heard === 'silence' || since !== before) yield { id: String(told), data: tick(since) };
    }
  }

  async function* follow(call: Call<'live.follow'>): AsyncGenerator<Element<'live.follow'>> {
    const { caller, signal } = call;
    const pending = createLivePending(caller.orgId, (nodeId) => store.allocationsOfNode(nodeId).map(({ row }) => row));
    const bell = createBell(clock);
    const stops = [
      staleness.onChange(bell.ring),
      store.onCommit((batch) => {
        pending.addBatch(batch);
        bell.ring();
      }),
      onExplained((workloadIds) => {
        for (const id of workloadIds) if (store.get('workload', id)?.row.orgId === caller.orgId) pending.addWorkload(id);
        bell.ring();
      }),
      sessions.onUsage((sample) => {
        if (store.get('node', sample.nodeId)?.row.orgId !== caller.orgId) return;
        pending.addUsage(sample);
        bell.ring();
      }),
    ];
    if (isAllowed('node.enrol', caller.role, caller.kind === 'token' ? caller.scope : undefined))
      stops.push(
        enrolment.joins.onChange(({ orgId, join }) => {
          if (orgId !== caller.orgId) return;
          pending.addJoin(join);
          bell.ring();
        }),
      );
    signal.addEventListener('abort', bell.ring, { once: true });
    try {
      yield* tell(call, pending, () => bell.wait(TICK_MS));
    } finally {
      signal.removeEventListener('abort', bell.ring);
      for (const stop of stops) stop();
    }
  }
  return { 'live.follow': follow };
}
