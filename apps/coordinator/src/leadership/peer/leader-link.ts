import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LeaderRow, LeadSeen } from '@cloudless/db';
import { withDeadline, type Clock, type Logger, type Timer } from '@cloudless/kernel';
import { DialFailed } from '@cloudless/transport/tls';
import type { ProveGone } from '../prove-gone.ts';
import { ATTEND_PATH, MAX_LINE_BYTES, parseLine, parseWhoami, SILENT_MS, WHOAMI_PATH, type Standby, type Whoami } from './messages.ts';

/**
 * A connection to whichever coordinator of this cluster answers at an address, both ends verified.
 *
 * @throws DialFailed; the signal's reason when it aborts before that
 */
export type DialPeer = (address: string, signal: AbortSignal) => Promise<{ readonly connection: Duplex; readonly coordinatorId: string }>;

export type LeaderLinkOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dialPeer: DialPeer;
  readonly standby: () => Standby;
  /** Called when a leader is met, in place of the one before. */
  readonly onLeader: () => void;
};

/** What a standby knows of the leader, and its connections to it. */
export interface LeaderLink extends ProveGone {
  /** What the store said last; see `campaign`. */
  see(seen: LeadSeen | undefined): void;
  readonly leader: LeaderRow | undefined;
  /** Why requests cannot be passed on; `undefined` while the leader is at hand. */
  problem(): string | undefined;
  /**
   * A connection of its own to the leader.
   * @throws DialFailed, or an Error that says why there is nobody to dial
   */
  dial(signal: AbortSignal): Promise<Duplex>;
  appPorts(): readonly number[];
  onAppPorts(listener: () => void): () => void;
  stop(): void;
}

const DIAL_MS = 3_000;
const AGAIN_MS = 300;
const NO_PORTS: readonly number[] = [];

const isRefused = (cause: unknown): boolean =>
  cause instanceof DialFailed &&
  typeof cause.cause === 'object' &&
  cause.cause !== null &&
  'code' in cause.cause &&
  cause.cause.code === 'ECONNREFUSED';

const sayWhy = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

export function createLeaderLink(options: LeaderLinkOptions): LeaderLink {
  const { clock, logger } = options;
  const stopping = new AbortController();
  const hints = new Set<() => void>();
  const portListeners = new Set<() => void>();
  let leader: LeaderRow | undefined;
  let storeAnswers = false;
  let ports = NO_PORTS;
  /** The process that is attended, or why it is not. */
  let attended: string | undefined;
  let trouble = 'it was not reached yet';
  let attending: AbortController | undefined;

  function hint(): void {
    for (const listener of hints) listener();
  }
  function setPorts(next: readonly number[]): void {
    ports = next;
    for (const listener of portListeners) listener();
  }

  async function dialAny(target: LeaderRow, signal: AbortSignal): Promise<Duplex> {
    let why: unknown = new Error(`the leader ${target.holder} names no address`);
    for (const address of target.addresses) {
      try {
        const dialled = await withDeadline(clock, `dialling ${address}`, DIAL_MS, (inner) => options.dialPeer(address, inner), signal);
        if (dialled.coordinatorId === target.holder) return dialled.connection;
        dialled.connection.destroy();
        why = new Error(`the coordinator ${dialled.coordinatorId} answers at ${address}, not the leader ${target.holder}`);
      } catch (cause) {
        signal.throwIfAborted();
        why = cause;
      }
    }
    throw why;
  }

  /** Stays with the leader until the connection ends, the leader falls silent, or the signal aborts. */
  async function attend(target: LeaderRow, signal: AbortSignal): Promise<void> {
    const connection = await dialAny(target, signal);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const body = JSON.stringify(options.standby());
    const request = httpRequest({
      createConnection: () => connection,
      method: 'POST',
      path: ATTEND_PATH,
      headers: { host: 'leader', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' },
    });
    let silence: Timer | undefined;
    const heard = (): void => {
      silence?.cancel();
      silence = clock.setTimer(SILENT_MS, () => reject(new Error(`it said nothing for ${SILENT_MS / 1000} s`)));
    };
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    request.once('error', reject);
    request.once('response', (response) => {
      if (response.statusCode !== 200) return reject(new Error(`it answered ${response.statusCode ?? 0}: it does not lead yet`));
      attended = target.instance;
      logger.info({ op: 'leadership.attend', outcome: 'ok', leader: target.holder });
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        heard();
        const lines = (text + chunk).split('\n');
        text = lines.pop() ?? '';
        if (text.length > MAX_LINE_BYTES) return reject(new Error('it said more than a line may hold'));
        for (const line of lines) {
          const said = parseLine(line);
          if (!said) return reject(new Error('it said something that is no message'));
          if (said.kind === 'ports') setPorts(said.ports);
        }
      });
      response.once('end', resolve);
      response.once('error', reject);
    });
    heard();
    request.end(body);
    try {
      await promise;
    } finally {
      silence?.cancel();
      signal.removeEventListener('abort', onAbort);
      request.destroy();
      connection.destroy();
    }
  }

  async function keepAttending(target: LeaderRow, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await attend(target, signal);
        trouble = 'it closed its connection';
      } catch (cause) {
        trouble = sayWhy(cause);
      }
      if (signal.aborted) return;
      if (attended !== undefined) logger.warn({ op: 'leadership.attend', outcome: 'failed', leader: target.holder, reason: trouble });
      // Broken is not dead, but it is a reason to ask.
      if (attended !== undefined) hint();
      attended = undefined;
      await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }

  async function ask(target: LeaderRow, address: string, signal: AbortSignal): Promise<Whoami> {
    const connection = await dialAny({ ...target, addresses: [address] }, signal);
    const { promise, resolve, reject } = Promise.withResolvers<Whoami>();
    const request = httpRequest({
      createConnection: () => connection,
      path: WHOAMI_PATH,
      headers: { host: 'leader', connection: 'close' },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text = (text + chunk).slice(0, MAX_LINE_BYTES)));
      response.once('end', () => {
        const answer = parseWhoami(text);
        if (answer) resolve(answer);
        else reject(new Error('it does not say who it is'));
      });
      response.once('error', reject);
    });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    request.end();
    return promise.finally(() => connection.destroy());
  }

  return {
    see(seen) {
      storeAnswers = seen !== undefined;
      if (!seen) return;
      const next = seen.leader?.released === true ? undefined : seen.leader;
      if (next?.instance === leader?.instance) return void (leader = next);
      leader = next;
      attending?.abort(new Error('another coordinator leads'));
      attended = undefined;
      trouble = 'it was not reached yet';
      // One that gave the lead away still answers what it has.
      if (!next || stopping.signal.aborted) return;
      options.onLeader();
      attending = new AbortController();
      void keepAttending(next, AbortSignal.any([attending.signal, stopping.signal]));
    },
    get leader() {
      return leader;
    },
    problem() {
      if (!leader) return storeAnswers ? 'no coordinator leads at this moment' : 'the store does not answer, so nobody knows who leads';
      if (attended === leader.instance) return undefined;
      return `the leader ${leader.holder} at ${leader.addresses.join(', ')} cannot be reached from here: ${trouble}`;
    },
    dial(signal) {
      if (!leader) return Promise.reject(new Error('no coordinator leads at this moment'));
      return dialAny(leader, AbortSignal.any([signal, stopping.signal]));
    },
    async isGone(target, signal) {
      const verdicts = await Promise.all(
        target.addresses.map(async (address): Promise<'gone' | 'refused' | 'unknown'> => {
          try {
            const { coordinatorId, instance } = await ask(target, address, signal);
            return coordinatorId === target.holder && instance !== target.instance ? 'gone' : 'unknown';
          } catch (cause) {
            return isRefused(cause) ? 'refused' : 'unknown';
          }
        }),
      );
      return verdicts.includes('gone') || (verdicts.length > 0 && verdicts.every((verdict) => verdict === 'refused'));
    },
    onHint(listener) {
      hints.add(listener);
      return () => void hints.delete(listener);
    },
    appPorts: () => ports,
    onAppPorts(listener) {
      portListeners.add(listener);
      return () => void portListeners.delete(listener);
    },
    stop() {
      stopping.abort(new Error('this coordinator stands by no more'));
    },
  };
}
