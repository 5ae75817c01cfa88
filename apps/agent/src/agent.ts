import { createLifecycle, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { CloudlessError, WELCOME_IMAGE, type AllocationId, type Fingerprint, type LendingVerdict, type Usage } from '@cloudless/proto';
import type { AgentStatus } from './agent-status.ts';
import type { LendingFacts } from './lending/judge-lending.ts';
import { startDiskWatch, type DiskWatch } from './lending/disk-watch.ts';
import { NOTHING_SENSED, startLendingKeeper, type LendingKeeper, type SensedFacts } from './lending/lending-keeper.ts';
import { refuseUnlent } from './lending/refuse-unlent.ts';
import { removeAll } from './lending/remove-all.ts';
import { createMemoryLeaseStore, type LeaseStore } from './leases/lease-file.ts';
import { giveBackLeases } from './leases/give-back.ts';
import { startLeaseKeeper } from './leases/lease-keeper.ts';
import { createLogCollector } from './logs/log-collector.ts';
import type { LogStore } from './logs/log-store.ts';
import { startReconcileLoop } from './reconcile/loop.ts';
import type { BuiltInImages } from './reconcile/prepare-image.ts';
import type { EngineView, ObservedContainer, Runtime } from './runtime/runtime.ts';
import { createCoordinatorFiles, imagesOf } from './session/coordinator-files.ts';
import type { Credentials } from './session/credentials.ts';
import { createOutbox } from './session/outbox.ts';
import { createStreamServer, type ConnectLoopback } from './session/serve-streams.ts';
import { startSession, type Session } from './session/session.ts';
import type { AgentUpdate, Dial, SessionState, UsageSample } from './session/session-ports.ts';
import { createHeld } from './state/held.ts';
import type { AgentIdentity, AgentState } from './state/state.ts';

export const AGENT_VERSION = '0.1.0';

/** What the device is besides its engine is looked at this often. */
const FINGERPRINT_EVERY_MS = 60_000;

/** Everything of the world that an agent touches. The simulator passes its own. */
export type AgentOptions = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly runtime: Runtime;
  readonly state: AgentState;
  readonly logs: LogStore;
  readonly credentials: Credentials;
  readonly dial: Dial;
  readonly connectLoopback: ConnectLoopback;
  /** Where leases are kept for the watchdog; in memory when absent, as where none runs. */
  readonly leaseStore?: LeaseStore;
  /** Whether leases can be relied on here, which is when a watchdog runs beside this agent. */
  readonly holdsLeases?: () => Promise<boolean>;
  /** What the device is; the engine's part is given, and the bytes that apps hold on the disk. */
  readonly fingerprint: (view: EngineView, appsBytes: number) => Promise<Fingerprint>;
  /** Use since the last call, of the device and of the containers. */
  readonly sampleUsage: (running: readonly ObservedContainer[]) => Promise<UsageSample>;
  /** What the owner's rule is judged by; a device without sensors when absent. */
  readonly lendingFacts?: () => Promise<SensedFacts>;
  /** Weekday and minute by the device's time zone; UTC when absent. */
  readonly localTime?: (now: number) => LendingFacts['local'];
  /** Tells when an address or route of the machine changes, and when it woke. */
  readonly watchNetwork?: (onChange: (reason: string) => void) => { stop(): void };
  /** Tells before the machine sleeps (`true`) and after it woke. */
  readonly watchSleep?: (onSleep: (isAsleep: boolean) => void) => { stop(): void };
  /** The coordinator's addresses, to be kept. */
  readonly onAddresses?: (addresses: readonly string[]) => Promise<void>;
  readonly addresses?: () => readonly string[];
  /** The coordinator has taken this device up: what runs here is good. */
  readonly onWelcome?: () => void;
  /** A newer agent is there; `fetch` gives its bytes. */
  readonly onUpdate?: (update: AgentUpdate, fetch: (signal: AbortSignal) => AsyncIterable<Uint8Array>) => void;
  /** The device has left its cluster, and nothing of it runs here any more. */
  readonly onDeparted?: () => Promise<void>;
  /** Absent: the coordinator's, over the link. */
  readonly builtIn?: BuiltInImages;
};

export interface Agent {
  status(): AgentStatus;
  /**
   * Asks to leave the cluster: what runs here is moved first. `now`: it is stopped at once instead. `onDeparted` is called when it is done.
   * @throws CloudlessError `coordinator_unreachable` without a session
   */
  leave(options: { readonly now: boolean; readonly reason: string }): Promise<void>;
  /**
   * Ends the session and the loops; containers go on. `isShutdown`: the machine ends with it, and the coordinator is told so, after what
   * runs at most once was stopped, for at most `GIVE_BACK_MS`.
   */
  stop(options?: { readonly isShutdown: boolean }): Promise<void>;
}

/**
 * Starts an agent: what was assigned before is served at once, coordinator or not; a device that never joined joins first.
 */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { clock, entropy, logger, runtime, state } = options;
  const lifecycle = createLifecycle();
  const held = await createHeld(state);
  const outbox = createOutbox(clock);
  held.onObserved((allocationId, observed) => outbox.put(allocationId, observed));
  const collector = lifecycle.add('log collector', createLogCollector({ runtime, store: options.logs, clock, logger }));
  const files = createCoordinatorFiles();
  const current: { session?: Session; lending?: LendingKeeper } = {};
  let disk: DiskWatch | undefined;
  const look = createFingerprints(
    (view) => options.fingerprint(view, disk?.usedBytes() ?? 0),
    options,
    () => current.lending?.verdict ?? { state: 'lending' },
    (fingerprint) => current.session?.sendFingerprint(fingerprint),
  );
  let loop: ReturnType<typeof startReconcileLoop> | undefined;
  const lending = lifecycle.add(
    'lending',
    await startLendingKeeper({
      rule: held.lending,
      save: (rule) => held.saveLending(rule),
      facts: options.lendingFacts ?? (() => Promise.resolve(NOTHING_SENSED)),
      localTime: options.localTime ?? utcTime,
      onChange() {
        look.refresh();
        loop?.reconsider();
      },
      clock,
      logger,
    }),
  );
  current.lending = lending;
  lifecycle.add('fingerprints', look);
  let own: AgentIdentity | undefined;
  const leases = lifecycle.add(
    'leases',
    await startLeaseKeeper({
      owner: () => own && { clusterId: own.clusterId, nodeId: own.nodeId },
      store: options.leaseStore ?? createMemoryLeaseStore(),
      assignments: held.assignments,
      memories: held.memories(),
      onChange: () => loop?.reconsider(),
      clock,
      logger,
    }),
  );
  let contactAtMs: number | undefined;
  let connection: SessionState = { kind: 'connecting', sinceMs: clock.bootMs() };

  function serve(identity: AgentIdentity): void {
    if (loop || lifecycle.signal.aborted) return;
    own = identity;
    const { clusterId, nodeId, name } = identity;
    const owner = { clusterId, nodeId };
    disk = lifecycle.add(
      'disk watch',
      startDiskWatch({
        runtime,
        owner,
        assignments: () => held.assignments(),
        running: () => loop?.running() ?? [],
        rule: () => lending.rule,
        onOverused: (ids) => loop?.assigned(ids),
        clock,
        logger,
      }),
    );
    const builtIn = options.builtIn ?? imagesOf(files, (image) => image === WELCOME_IMAGE);
    loop = lifecycle.add(
      'reconcile loop',
      startReconcileLoop({
        runtime,
        held,
        logs: collector,
        builtIn,
        clock,
        entropy,
        logger,
        owner,
        nodeName: name,
        withheld: (assignment) => lending.withheld() ?? refuseUnlent(assignment, held, lending),
        overused: (id) => disk?.overused(id),
        pauseOf: leases.pauseOf,
        onEngine: look.onEngine,
      }),
    );
  }

  const saved = await state.loadIdentity();
  if (saved) serve(saved);
  current.session = lifecycle.add(
    'session',
    startSession({
      clock,
      entropy,
      logger,
      held,
      outbox,
      async dial(identity, signal) {
        const link = await options.dial(identity, signal);
        files.use(link);
        return link;
      },
      agentVersion: AGENT_VERSION,
      credentials: {
        ...options.credentials,
        async obtain(signal) {
          const identity = await options.credentials.obtain(signal);
          serve(identity);
          return identity;
        },
      },
      streams: createStreamServer({ held, logs: options.logs, connectLoopback: options.connectLoopback, logger }),
      fingerprint: look.latest,
      async sampleUsage() {
        const sample = await options.sampleUsage(loop?.running() ?? []);
        const withDisk = (usage: Usage, id: AllocationId): Usage => ({ ...usage, storageBytes: disk?.usedBytes(id) ?? 0 });
        return {
          ...sample,
          allocations: sample.allocations.map(({ allocationId, usage }) => ({ allocationId, usage: withDisk(usage, allocationId) })),
        };
      },
      leases,
      onAssigned: (ids) => loop?.assigned(ids),
      onWelcome: () => options.onWelcome?.(),
      onLending: (rule) => lending.setRule(rule),
      onAddresses: async (addresses) => options.onAddresses?.(addresses),
      onUpdate: (update) => options.onUpdate?.(update, (signal) => files.fetch({ name: 'agent', sha256: update.sha256 }, signal)),
      onDeparted: depart,
      onSession(state) {
        if (connection.kind === 'connected') contactAtMs = clock.bootMs();
        connection = state;
      },
    }),
  );
  if (options.watchSleep)
    lifecycle.add(
      'sleep watch',
      options.watchSleep((isAsleep) => {
        if (isAsleep) current.session?.sleep();
        else current.session?.networkChanged('the device woke');
      }),
    );
  if (options.watchNetwork)
    lifecycle.add(
      'network watch',
      options.watchNetwork((reason) => {
        current.session?.networkChanged(reason);
        look.refresh();
        lending.judgeNow();
      }),
    );

  /** Nothing of the cluster stays: the coordinator has moved it all, and what an engine still holds is removed here. */
  async function depart(): Promise<void> {
    const isEmpty = own === undefined || (await loop?.stop(), await removeAll(options, own));
    if (isEmpty) logger.info({ op: 'device.leave', outcome: 'ok' });
    await options.onDeparted?.();
  }

  return {
    status() {
      const nowMs = clock.bootMs();
      const lastMs = connection.kind === 'connected' ? nowMs : contactAtMs;
      const engine = look.engine();
      return {
        version: AGENT_VERSION,
        ...(own ? { device: { nodeId: own.nodeId, name: own.name, clusterId: own.clusterId } } : {}),
        connection: {
          state: connection.kind,
          forMs: nowMs - connection.sinceMs,
          ...(connection.kind === 'waiting' ? { reason: connection.reason, ...(connection.hop ? { hop: connection.hop } : {}) } : {}),
          ...(lastMs === undefined ? {} : { lastContactMs: nowMs - lastMs }),
          addresses: [...(options.addresses?.() ?? [])],
        },
        engine:
          engine?.state === 'ready'
            ? { state: 'ready', message: `${engine.name} ${engine.version}` }
            : { state: engine?.state ?? 'unknown', message: engine?.cause.message ?? 'not looked at yet' },
        lending: lending.verdict,
        runs: held.assignments().map(({ allocationId, workloadName, slot }) => {
          const observed = held.memory(allocationId)?.observed;
          return {
            app: workloadName,
            replica: slot,
            phase: observed?.phase ?? 'pending',
            ready: observed?.ready ?? false,
            cause: observed?.cause.message ?? 'just assigned',
          };
        }),
      };
    },
    async leave({ now, reason }) {
      if (!current.session?.depart(reason))
        throw new CloudlessError('coordinator_unreachable', 'There is no connection to the coordinator now, so nothing can be moved.');
      if (now) await lending.setRule({ ...lending.rule, pausedAt: clock.now() });
    },
    async stop({ isShutdown } = { isShutdown: false }) {
      if (isShutdown) await current.session?.shutDown(await giveBackLeases({ leases, loop, clock, logger }));
      await lifecycle.stop();
    },
  };
}

/** For devices without a time zone of their own, as in the simulator. */
function utcTime(now: number): LendingFacts['local'] {
  const days = Math.floor(now / 86_400_000);
  // The epoch was a Thursday.
  return { weekday: ((days + 3) % 7) + 1, minute: Math.floor((now % 86_400_000) / 60_000) };
}

/** The newest fingerprint, and word of each change: of the engine as the loop sees it, of the rest every minute. */
function createFingerprints(
  read: (view: EngineView) => Promise<Fingerprint>,
  options: Pick<AgentOptions, 'clock' | 'logger' | 'holdsLeases'>,
  verdict: () => LendingVerdict,
  onChange: (fingerprint: Fingerprint) => void,
) {
  const { clock, logger } = options;
  const first = Promise.withResolvers<void>();
  let view: EngineView | undefined;
  let told = '';
  let timer = clock.setTimer(FINGERPRINT_EVERY_MS, again);

  async function refresh(): Promise<Fingerprint> {
    if (!view) throw new Error('invariant broken: a fingerprint was made before the engine was looked at');
    const leases = (await options.holdsLeases?.()) ?? true;
    const fingerprint = { ...(await read(view)), leases, lending: verdict() };
    const text = JSON.stringify(fingerprint);
    if (text !== told) {
      told = text;
      onChange(fingerprint);
    }
    return fingerprint;
  }
  const refreshQuietly = (): void => {
    if (view) void refresh().catch((cause: unknown) => logger.warn({ op: 'device.fingerprint', outcome: 'failed' }, cause));
  };
  function again(): void {
    timer = clock.setTimer(FINGERPRINT_EVERY_MS, again);
    refreshQuietly();
  }
  return {
    refresh: refreshQuietly,
    engine: () => view?.engine,
    onEngine(next: EngineView): void {
      const changed = view?.engine.state !== next.engine.state;
      view = next;
      first.resolve();
      if (changed)
        logger.info({
          op: 'engine.state',
          state: next.engine.state,
          ...(next.engine.state === 'ready' ? {} : { reason: next.engine.cause.message }),
        });
      refreshQuietly();
    },
    async latest(): Promise<Fingerprint> {
      await first.promise;
      return refresh();
    },
    stop(): void {
      timer.cancel();
    },
  };
}
