import { backoffMs } from '@cloudless/kernel';
import { isCloudlessError, type Fingerprint } from '@cloudless/proto';
import { converse, type Conversation } from './conversation.ts';
import type { SessionDeps } from './session-ports.ts';

/** Reconnects fast, so that a coordinator that restarts is found at once, and never in step with other devices. */
const BACKOFF = { baseMs: 200, maxMs: 10_000, factor: 1.7, jitter: 0.5 } as const;
/** After a refusal that another try will not change. */
const REFUSED_RETRY_MS = 30_000;

export interface Session {
  /** Tells the coordinator what the device is now. */
  sendFingerprint(fingerprint: Fingerprint): void;
  /** Says `leave` when it can, then closes. */
  stop(): Promise<void>;
}

/** Keeps one session with the coordinator open for as long as the agent runs. */
export function startSession(deps: SessionDeps): Session {
  const { clock, logger } = deps;
  const stopping = new AbortController();
  let current: Conversation | undefined;
  /** Kept for the hello: what changes while a link is dialled is told by nothing else. */
  let newest: Fingerprint | undefined;

  /** @returns whether it had been welcomed, and whether trying again soon makes sense */
  async function once(): Promise<{ readonly wasWelcomed: boolean; readonly retry: boolean }> {
    const startedAt = clock.bootMs();
    try {
      const identity = await deps.credentials.obtain(stopping.signal);
      const fingerprint = await deps.fingerprint();
      const link = await deps.dial(identity, stopping.signal);
      const onStop = (): void => link.close({ code: 'closed', message: 'the agent stops; its containers go on', retry: true });
      stopping.signal.addEventListener('abort', onStop, { once: true });
      if (stopping.signal.aborted) onStop();
      current = converse(link, identity, newest ?? fingerprint, deps);
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
      return { wasWelcomed, retry: closed.retry };
    } catch (cause) {
      if (!stopping.signal.aborted)
        logger.warn({ op: 'session.open', outcome: 'failed', ...(isCloudlessError(cause) ? { 'error.code': cause.code } : {}) }, cause);
      return { wasWelcomed: false, retry: isRetryable(cause) };
    } finally {
      current = undefined;
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const { wasWelcomed, retry } = await once();
      failures = wasWelcomed ? 0 : failures + 1;
      const delayMs = retry ? backoffMs(BACKOFF, failures, deps.entropy) : REFUSED_RETRY_MS;
      if (!stopping.signal.aborted) await clock.sleep(delayMs, stopping.signal).catch(() => undefined);
    }
  }

  const running = run();
  return {
    sendFingerprint(fingerprint) {
      newest = fingerprint;
      current?.sendFingerprint(fingerprint);
    },
    async stop() {
      stopping.abort(new Error('the agent stops'));
      await running;
    },
  };
}

const isRetryable = (cause: unknown): boolean => !(cause instanceof Error && 'retry' in cause && cause.retry === false);
