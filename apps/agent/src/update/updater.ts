import type { Clock, Logger } from '@cloudless/kernel';
import type { AgentUpdate } from '../session/session-ports.ts';
import { agentFileName, endTrial, EXIT, isOnTrial, putInPlace, readRefused } from './installed-agent.ts';

/** A new version is taken back that was not welcomed within this. */
const TRIAL_MS = 60_000;
const FETCH_MS = 300_000;

export interface Updater {
  onUpdate(update: AgentUpdate, fetch: (signal: AbortSignal) => AsyncIterable<Uint8Array>): void;
  onWelcome(): void;
}

/**
 * Replaces the agent's own file and ends the process, so that `cloudless-agent run` starts the other: containers are nobody's children and
 * are adopted again. A version that is not welcomed ends itself, and the one before comes back.
 */
export async function createUpdater(deps: {
  readonly home: string;
  readonly ownSha256: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly exit: (code: number) => void;
}): Promise<Updater> {
  const { home, ownSha256, clock, logger, exit } = deps;
  let isBusy = false;
  const trial = (await isOnTrial(home))
    ? clock.setTimer(TRIAL_MS, () => {
        logger.error({
          op: 'agent.update',
          outcome: 'failed',
          sha256: ownSha256,
          reason: 'the coordinator did not take this version up in time',
        });
        exit(1);
      })
    : undefined;
  let inTrial = trial !== undefined;

  async function take({ sha256, bytes, version }: AgentUpdate, fetch: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<void> {
    if (sha256 === ownSha256 || inTrial || (await readRefused(home)) === agentFileName(sha256)) return;
    const signal = AbortSignal.timeout(FETCH_MS);
    await putInPlace(home, sha256, fetch(signal), bytes);
    logger.info({ op: 'agent.update', outcome: 'ok', version, sha256 });
    exit(EXIT.otherVersion);
  }

  return {
    onUpdate(update, fetch) {
      if (isBusy) return;
      isBusy = true;
      take(update, fetch)
        .catch((cause: unknown) => logger.warn({ op: 'agent.update', outcome: 'failed', sha256: update.sha256 }, cause))
        .finally(() => (isBusy = false));
    },
    onWelcome() {
      if (!inTrial) return;
      inTrial = false;
      trial?.cancel();
      endTrial(home).catch((cause: unknown) => logger.warn({ op: 'agent.update', outcome: 'failed' }, cause));
    },
  };
}
