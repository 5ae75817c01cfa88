import { createLifecycle, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { WELCOME_IMAGE, type Fingerprint } from '@cloudless/proto';
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
import type { Dial, UsageSample } from './session/session-ports.ts';
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
  /** What the device is; the engine's part is given. */
  readonly fingerprint: (view: EngineView) => Promise<Fingerprint>;
  /** Use since the last call, of the device and of the containers. */
  readonly sampleUsage: (running: readonly ObservedContainer[]) => Promise<UsageSample>;
  /** Absent: the coordinator's, over the link. */
  readonly builtIn?: BuiltInImages;
};

export interface Agent {
  /** Ends the session and the loops; containers go on. */
  stop(): Promise<void>;
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
  const current: { session?: Session } = {};
  const look = createFingerprints(options, (fingerprint) => current.session?.sendFingerprint(fingerprint));
  lifecycle.add('fingerprints', look);
  let loop: ReturnType<typeof startReconcileLoop> | undefined;

  function serve(identity: AgentIdentity): void {
    if (loop || lifecycle.signal.aborted) return;
    const { clusterId, nodeId, name } = identity;
    const owner = { clusterId, nodeId };
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
      sampleUsage: () => options.sampleUsage(loop?.running() ?? []),
      onAssigned: (ids) => loop?.assigned(ids),
    }),
  );
  return { stop: () => lifecycle.stop() };
}

/** The newest fingerprint, and word of each change: of the engine as the loop sees it, of the rest every minute. */
function createFingerprints(options: AgentOptions, onChange: (fingerprint: Fingerprint) => void) {
  const { clock, logger } = options;
  const first = Promise.withResolvers<void>();
  let view: EngineView | undefined;
  let told = '';
  let timer = clock.setTimer(FINGERPRINT_EVERY_MS, again);

  async function refresh(): Promise<Fingerprint> {
    if (!view) throw new Error('invariant broken: a fingerprint was made before the engine was looked at');
    const fingerprint = await options.fingerprint(view);
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
