import { TABLE_ALARMS, type Store, type TableSize } from '@cloudless/db';
import { ALLOCATION_PHASES, NODE_STATES } from '@cloudless/proto';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Buckets of both histograms, from a commit on a fast disk to a request at its deadline. */
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What is counted when somebody asks. */
export type Watched = {
  readonly store: Store;
  /** Devices with a live session. */
  readonly countSessions: () => number;
  /** Open dashboards and clients. */
  readonly countLiveConnections: () => number;
  /** Rows of the tables that grow; empty while the database is away. */
  readonly tableSizes: () => Promise<readonly TableSize[]>;
};

export interface Telemetry {
  readonly contentType: string;
  /** The metrics in Prometheus' text format. */
  text(): Promise<string>;
  /** A request came; the returned function tells how its answer ended. */
  begin(route: string): (status: number) => void;
  /** The same store, whose commits are timed. */
  timed(store: Store): Store;
  /** Adds the gauges of the lead, which this coordinator took for `cause`. */
  watchLead(read: () => { readonly isLeader: boolean; readonly ageMs: number }, cause: string): void;
  /** Adds the gauges of parts that stand by now. */
  watch(watched: Watched): void;
}

/** Counted when asked: the numbers are in memory anyway. */
function registerGauges(register: Registry, { store, countSessions, countLiveConnections, tableSizes }: Watched): void {
  const registers = [register];
  const countBy = <K extends string>(labels: readonly K[], values: Iterable<K>): Map<K, number> => {
    const counts = new Map<K, number>(labels.map((label) => [label, 0]));
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };
  new Gauge({
    name: 'cloudless_nodes',
    help: 'Devices by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of countBy(
        NODE_STATES,
        [...store.list('node')].map(({ row }) => row.state.word),
      ))
        this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'cloudless_allocations',
    help: 'Replicas by observed phase',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const [phase, count] of countBy(
        ALLOCATION_PHASES,
        [...store.list('allocation')].map(({ row }) => row.observed.phase),
      ))
        this.set({ phase }, count);
    },
  });
  const alarms = new Gauge({
    name: 'cloudless_store_rows_alarm',
    help: 'Rows beyond which a table is too large',
    labelNames: ['table'],
    registers,
  });
  for (const [table, alarm] of Object.entries(TABLE_ALARMS)) alarms.set({ table }, alarm);
  new Gauge({
    name: 'cloudless_store_rows',
    help: 'Rows of tables that grow',
    labelNames: ['table'],
    registers,
    async collect() {
      for (const { table, rows } of await tableSizes()) this.set({ table }, rows);
    },
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('cloudless_workloads', 'Apps', () => [...store.list('workload')].length);
  gauge('cloudless_store_revision', 'Newest committed revision', () => store.revision);
  gauge('cloudless_agent_sessions', 'Devices with a live session', countSessions);
  gauge('cloudless_live_connections', 'Open live connections of dashboards and clients', countLiveConnections);
}

/** Prometheus metrics, each with a small closed set of labels: no ids, no paths, no names. */
export function createTelemetry(): Telemetry {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register, prefix: 'cloudless_' });
  const requests = new Counter({
    name: 'cloudless_http_requests_total',
    help: 'Requests by route and class of status',
    labelNames: ['route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'cloudless_http_request_seconds',
    help: 'Time to the end of the answer',
    labelNames: ['route'],
    buckets: SECONDS,
    registers,
  });
  const commits = new Histogram({
    name: 'cloudless_store_commit_seconds',
    help: 'Time until a batch is durable',
    labelNames: ['outcome'],
    buckets: SECONDS,
    registers,
  });

  let readLead = (): { readonly isLeader: boolean; readonly ageMs: number } | undefined => undefined;
  new Gauge({
    name: 'cloudless_leader',
    help: 'Whether this coordinator holds the lead of a shared store: 1 or 0',
    registers,
    collect() {
      this.set(readLead()?.isLeader === true ? 1 : 0);
    },
  });
  new Gauge({
    name: 'cloudless_leader_lease_age_seconds',
    help: 'Time since the last renewal of the lease that succeeded was sent; 0 on a standby',
    registers,
    collect() {
      this.set((readLead()?.ageMs ?? 0) / 1000);
    },
  });
  const takeovers = new Counter({
    name: 'cloudless_leader_takeovers_total',
    help: 'How often this process took the lead, by cause',
    labelNames: ['cause'],
    registers,
  });

  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    watch: (watched) => registerGauges(register, watched),
    watchLead(read, cause) {
      readLead = read;
      takeovers.inc({ cause });
    },
    begin(route) {
      const end = durations.startTimer({ route });
      return (status) => {
        end();
        requests.inc({ route, status: `${Math.floor(status / 100)}xx` });
      };
    },
    timed(store) {
      const commit: Store['commit'] = async (batch, signal) => {
        const end = commits.startTimer();
        try {
          const outcome = await store.commit(batch, signal);
          end({ outcome: outcome.kind });
          return outcome;
        } catch (error) {
          end({ outcome: 'failed' });
          throw error;
        }
      };
      return Object.create(store, { commit: { value: commit } }) as Store;
    },
  };
}
