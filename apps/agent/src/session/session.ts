import { withDeadline } from '@cloudless/kernel';
import { isCloudlessError, joinHopSchema, type AllocationId, type Fingerprint, type JoinHop } from '@cloudless/proto';
import { reconnectDelayMs, type AgentLink } from '@cloudless/transport';
import { converse, type Conversation } from './conversation.ts';
import type { SessionDeps, SessionState } from './session-ports.ts';

/** How long the link may take to answer after the network changed. */
const PROBE_MS = 1_000;
/** A sleep or shutdown that was called off: the device comes back after this. */
const SLEEP_MS = 20_000;
/** How long the coordinator may take to hear that the machine is shut down. */
const HEARD_MS = 1_000;

export interface Session {
  /** Tells the coordinator what the device is now. */
  sendFingerprint(fingerprint: Fingerprint): void;
  /** The network of the device changed, or it woke: looks at the link, and dials at once when there is none. */
  networkChanged(reason: string): void;
  /** The device is about to sleep: says so, and does not come back before it woke. */
  sleep(): void;
  /** The machine is being shut down: says so, and whose leases it gives back. Resolves when it was heard, or after 1 s. */
  shutDown(released: readonly AllocationId[]): Promise<void>;
  /** Asks to leave the cluster. `false`: there is no session to say it in. */
  depart(reason: string): boolean;
  /** Closes; the device is expected back. */
  stop(): Promise<void>;
}

/** Keeps one session with the coordinator open for as long as the agent runs. */
export function startSession(deps: SessionDeps): Session {
  const { clock, logger } = deps;
  const stopping = new AbortController();
  let current: Conversation | undefined;
  /** Kept for the hello: what changes while a link is dialled is told by nothing else. */
  let newest: Fingerprint | undefined;
  let link: AgentLink | undefined;
  /** Ends the wait between two tries. */
  let waiting = new AbortController();
  let lostAtMs = clock.bootMs();
  /** It said that it sleeps or is shut down, and has not woken. */
  let isAsleep = false;
  const tell = (state: SessionState): void => deps.onSession?.(state);

  /** @returns whether it had been welcomed, and whether trying again soon makes sense */
  async function once(): Promise<{ readonly wasWelcomed: boolean; readonly retry: boolean; readonly retryAfterMs?: number | undefined }> {
    const startedAt = clock.bootMs();
    try {
      const identity = await deps.credentials.obtain(stopping.signal);
      // Nothing is dialled before the engine was looked at.
      const before = await deps.fingerprint();
      tell({ kind: 'connecting', sinceMs: clock.bootMs() });
      const dialled = await deps.dial(identity, stopping.signal);
      link = dialled;
      const onStop = (): void => dialled.close({ code: 'closed', message: 'the agent stops; its containers go on', retry: true });
      stopping.signal.addEventListener('abort', onStop, { once: true });
      if (stopping.signal.aborted) onStop();
      // A dial that took its time got through on another network than it began on.
      newest = undefined;
      const fingerprint = await deps.fingerprint().catch(() => before);
      current = converse(dialled, identity, newest ?? fingerprint, {
        ...deps,
        onWelcome() {
          tell({ kind: 'connected', sinceMs: clock.bootMs() });
          deps.onWelcome();
        },
      });
      logger.info({ op: 'session.open', outcome: 'ok', nodeId: identity.nodeId, durationMs: Math.round(clock.bootMs() - startedAt) });
      const { closed, wasWelcomed } = await current.ended;
      stopping.signal.removeEventListener('abort', onStop);
      logger.info({
        op: 'session.close',
        outcome: 'ok',
        code: closed.code,
        by: closed.by,
        reason: closed.message,
        durationMs: Math.round(clock.bootMs() - startedAt),
      });
      tell({ kind: 'waiting', sinceMs: clock.bootMs(), reason: closed.message });
      return { wasWelcomed, retry: closed.retry };
    } catch (cause) {
      if (!stopping.signal.aborted)
        logger.warn({ op: 'session.open', outcome: 'failed', ...(isCloudlessError(cause) ? { 'error.code': cause.code } : {}) }, cause);
      tell({ kind: 'waiting', sinceMs: clock.bootMs(), reason: cause instanceof Error ? cause.message : String(cause), hop: hopOf(cause) });
      return { wasWelcomed: false, retry: isRetryable(cause), retryAfterMs: retryAfterOf(cause) };
    } finally {
      current = undefined;
      link = undefined;
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const { wasWelcomed, retry, retryAfterMs } = await once();
      failures = wasWelcomed ? 0 : failures + 1;
      if (wasWelcomed) lostAtMs = clock.bootMs();
      const delayMs = reconnectDelayMs({ outageMs: clock.bootMs() - lostAtMs, failures, retry, retryAfterMs }, deps.entropy);
      await wait(isAsleep ? SLEEP_MS : delayMs, retry);
      isAsleep = false;
    }
  }

  /** @param canBeCutShort whether a change of the network is a reason to try at once */
  async function wait(delayMs: number, canBeCutShort: boolean): Promise<void> {
    waiting = new AbortController();
    const signal = canBeCutShort ? AbortSignal.any([stopping.signal, waiting.signal]) : stopping.signal;
    if (!signal.aborted) await clock.sleep(delayMs, signal).catch(() => undefined);
  }

  async function probe(standing: AgentLink, reason: string): Promise<void> {
    try {
      await withDeadline(clock, 'probing the link', PROBE_MS, () => standing.probe('control'));
    } catch {
      standing.close({
        code: 'path_lost',
        message: `the coordinator did not answer after a change of the network (${reason})`,
        retry: true,
      });
    }
  }

  const running = run();
  return {
    sendFingerprint(fingerprint) {
      newest = fingerprint;
      current?.sendFingerprint(fingerprint);
    },
    networkChanged(reason) {
      logger.info({ op: 'network.change', reason, connected: link !== undefined });
      if (link) void probe(link, reason);
      else waiting.abort(new Error('the network changed'));
    },
    sleep() {
      isAsleep = current?.leave('sleep') ?? false;
    },
    async shutDown(released) {
      const standing = link;
      if (!standing || !current?.leave('shutdown', released)) return;
      isAsleep = true;
      await withDeadline(clock, 'saying that the machine is shut down', HEARD_MS, () => standing.closed).catch(() => undefined);
    },
    depart: (reason) => current?.depart(reason) ?? false,
    async stop() {
      stopping.abort(new Error('the agent stops'));
      await running;
    },
  };
}

const isRetryable = (cause: unknown): boolean => !(cause instanceof Error && 'retry' in cause && cause.retry === false);

const retryAfterOf = (cause: unknown): number | undefined =>
  cause instanceof Error && 'retryAfterMs' in cause && typeof cause.retryAfterMs === 'number' ? cause.retryAfterMs : undefined;

const hopOf = (cause: unknown): JoinHop | undefined =>
  cause instanceof Error && 'hop' in cause ? joinHopSchema.safeParse(cause.hop).data : undefined;
