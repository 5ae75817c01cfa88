import type { Clock } from '@cloudless/kernel';
import type { NodeRow, OrgId, ProjectId, WorkloadId, WorkloadRow } from '@cloudless/proto';
import type { Draw } from '../draw.ts';
import type { Calls, Way } from './calls.ts';
import type { Endpoint } from './endpoint.ts';
import type { Requests } from './requests.ts';
import { drawChange, drawSpec } from './wishes.ts';

/** Where somebody's apps belong. */
export type Home = { readonly orgId: OrgId; readonly projectId: ProjectId };

/** People who deploy, look at, change and delete apps while the world fails around them. */
export interface People {
  start(): void;
  stop(): void;
  /** An app as somebody writes it. */
  newWorkload(home: Home, name: string, spec: WorkloadRow['spec']): WorkloadRow;
}

export type PeopleOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly requests: Requests;
  readonly calls: Calls;
  readonly homes: readonly [Home, ...Home[]];
  /** Coordinators that answer; one that was taken over may not know it. */
  readonly listEndpoints: () => readonly Endpoint[];
  /** Those whose answers are promised to be of now. */
  readonly listConfirmed: () => readonly Endpoint[];
  /** Names of coordinators that stand by, or did a moment ago. */
  readonly listStandbys: () => readonly string[];
};

export const DRAINED = { code: 'drained_by_person', message: 'A person drains it.' };

const MOST_WORKLOADS = 6;
/** Of what people do: lending a device or taking it back; only looking. */
const LEND_SHARE = 0.08;
const LOOK_SHARE = 0.4;
/** Of calls, where coordinators stand by: they are asked as well as the leader. */
const STANDBY_SHARE = 0.4;

export function createPeople(options: PeopleOptions): People {
  const { clock, draw, requests, calls, homes, listEndpoints, listConfirmed, listStandbys } = options;
  const meanWaitMs = draw.pick([1500, 6000, 25_000]);
  let isStopped = true;
  let made = 0;

  function newWorkload(home: Home, name: string, spec: WorkloadRow['spec']): WorkloadRow {
    const now = clock.now();
    return {
      id: draw.entropy.id('wl') as WorkloadId,
      ...home,
      name,
      labels: {},
      annotations: {},
      spec,
      generation: 1,
      templateGeneration: 1,
      runState: 'running',
      createdAt: now,
      updatedAt: now,
    };
  }

  function drawWay(endpoint: Endpoint): Way {
    const standbys = listStandbys();
    return standbys.length > 0 && draw.happens(STANDBY_SHARE) ? calls.through(draw.pick(standbys)) : calls.straightTo(endpoint);
  }

  /** Some wait for as long as it takes, most until a deadline. */
  function drawDrain(): NodeRow['drain'] {
    const sinceAt = clock.now();
    const deadline = draw.happens(0.3) ? {} : { deadlineAt: sinceAt + draw.pick([0, 5000, 60_000]) };
    return { sinceAt, purpose: 'empty', cause: DRAINED, ...deadline };
  }

  /** An owner takes a device back, drains it, or lends it again; what was not heard of is tried again by nobody. */
  function lend(endpoint: Endpoint): void {
    const owned = [...endpoint.store.list('node')].filter(({ row }) => row.revokedAt === undefined);
    if (owned.length === 0) return;
    const { row } = draw.pick(owned);
    const wish = row.lending ? 'lend' : draw.pick(['look', 'pause', 'drain', 'lend'] as const);
    if (wish === 'look') {
      if (endpoint.isConfirmed()) requests.read(drawWay(endpoint), row.id);
      return;
    }
    const lends: Pick<NodeRow, 'lending' | 'drain'> = {
      ...(wish === 'pause' ? { lending: { pausedAt: clock.now() } } : {}),
      ...(wish === 'drain' ? { drain: drawDrain() } : {}),
    };
    requests.changeNode(drawWay(endpoint), row.id, ({ lending: _, drain: __, ...rest }) => ({ ...rest, ...lends }));
  }

  function deploy(endpoint: Endpoint): void {
    made += 1;
    requests.create(drawWay(endpoint), newWorkload(draw.pick(homes), `app-${made}`, drawSpec(draw)));
  }

  function act(): void {
    const endpoints = listEndpoints();
    if (endpoints.length === 0) return;
    const endpoint = draw.pick(endpoints);
    if (draw.happens(LEND_SHARE)) return lend(endpoint);
    const living = [...endpoint.store.list('workload')].filter(({ row }) => row.deletedAt === undefined);
    if (living.length < 2) return deploy(endpoint);
    const { row } = draw.pick(living);
    const confirmed = listConfirmed();
    if (confirmed.length > 0 && draw.happens(LOOK_SHARE)) return requests.read(drawWay(draw.pick(confirmed)), row.id);
    if (living.length < MOST_WORKLOADS && draw.happens(0.3)) return deploy(endpoint);
    requests.change(drawWay(endpoint), row.id, (current) => drawChange(draw, current, clock.now()));
  }

  function wait(): void {
    clock.setTimer(draw.waitMs(meanWaitMs), () => {
      if (isStopped) return;
      act();
      wait();
    });
  }

  return {
    start() {
      isStopped = false;
      wait();
    },
    stop() {
      isStopped = true;
    },
    newWorkload,
  };
}
