import { backoffMs, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { parseAnswer, type RqliteAnswer } from './answers.ts';
import { judgeRequestError } from './failure.ts';
import type { Exchange, HttpClient, HttpRequest } from './http-client.ts';

export type Routed =
  | { readonly kind: 'answered'; readonly answer: RqliteAnswer }
  /** Nothing happened. `isFinal`: asking again will not help. */
  | { readonly kind: 'notDone'; readonly reason: string }
  /** It may have happened, or may still. */
  | { readonly kind: 'lost'; readonly reason: string };

export interface LeaderRoute {
  /** Origin of the node that last served as leader. */
  readonly leader: string | undefined;
  /**
   * Sends to the leader, wherever it is. What did not happen for certain is sent to another node, or again a moment later, for
   * `leaderWaitMs`; what may have happened only when `canRepeat`.
   */
  send(request: HttpRequest, options: { readonly canRepeat: boolean; readonly signal: AbortSignal }): Promise<Routed>;
}

export type LeaderRouteOptions = {
  /** Origins of the nodes that are known from the start. */
  readonly urls: readonly string[];
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** How long a request looks for a leader. An election takes one to two seconds. */
  readonly leaderWaitMs: number;
};

/** What one node made of a request. */
type Verdict =
  | Routed
  /** Another node is the leader. */
  | { readonly kind: 'elsewhere'; readonly origin: string }
  /** It did not happen; it may elsewhere, or soon. */
  | { readonly kind: 'notYet'; readonly reason: string };

const BACKOFF = { baseMs: 25, maxMs: 250, factor: 2, jitter: 0.5 };

/** Where a node sends a request on, unless that would carry the password or the data out of TLS. */
function redirectTarget(from: string, location: string | undefined): string | undefined {
  const to = location === undefined ? null : URL.parse(location);
  return to && to.protocol === URL.parse(from)?.protocol ? to.origin : undefined;
}

function judgeStatus(origin: string, { status, isFromRqlite, location, body }: Extract<Exchange, { kind: 'answered' }>): Verdict {
  const said = `${origin} answered ${status} ${body.trim().slice(0, 200)}`.trim();
  if (status === 401 || status === 403) return { kind: 'notDone', reason: `${origin} refused the user name or password (${status})` };
  if (!isFromRqlite) {
    // Somebody in between: it may have passed the request on before it answered so.
    return status >= 500 ? { kind: 'lost', reason: said } : { kind: 'notDone', reason: `${said}: this is no rqlite node` };
  }
  if (status === 301) {
    const target = redirectTarget(origin, location);
    return target === undefined
      ? { kind: 'notYet', reason: `${origin} names a leader at ${String(location)}, which is no address of the same kind` }
      : { kind: 'elsewhere', origin: target };
  }
  if (status === 503 || body.startsWith('leader not found')) return { kind: 'notYet', reason: said };
  // Every other status of rqlite's is a refusal before anything ran.
  return { kind: 'notDone', reason: said };
}

function judge(origin: string, exchange: Exchange): Verdict {
  if (exchange.kind === 'notSent') return { kind: 'notYet', reason: `${origin} cannot be reached: ${exchange.reason}` };
  if (exchange.kind === 'lost') return { kind: 'lost', reason: `no answer of ${origin}: ${exchange.reason}` };
  if (exchange.status !== 200) return judgeStatus(origin, exchange);
  const answer = exchange.isFromRqlite ? parseAnswer(exchange.body) : undefined;
  if (!answer) return { kind: 'lost', reason: `${origin} answered 200 with something that is no answer of rqlite` };
  if (answer.error === undefined || answer.error === '') return { kind: 'answered', answer };
  const reason = `${origin} says: ${answer.error}`;
  const judged = judgeRequestError(answer.error);
  return { kind: judged === 'unsure' ? 'lost' : judged === 'notYet' ? 'notYet' : 'notDone', reason };
}

export function createLeaderRoute(options: LeaderRouteOptions): LeaderRoute {
  const { urls, http, clock, entropy, logger, leaderWaitMs } = options;
  let leader: string | undefined;
  let asked = 0;

  function nextOrigin(): string {
    if (leader !== undefined) return leader;
    asked += 1;
    return urls[asked % urls.length] ?? '';
  }

  function learn(origin: string | undefined): void {
    if (origin === leader) return;
    if (origin !== undefined) logger.info({ op: 'store.leader', outcome: 'ok', leader: origin, before: leader });
    leader = origin;
  }

  return {
    get leader() {
      return leader;
    },
    async send(request, { canRepeat, signal }) {
      const startedMs = clock.bootMs();
      let hint: string | undefined;
      for (let attempt = 0; ; attempt += 1) {
        const origin = hint ?? nextOrigin();
        const isHint = hint !== undefined;
        hint = undefined;
        const verdict = judge(origin, await http.exchange(origin, request, signal));
        if (verdict.kind === 'answered') learn(origin);
        if (verdict.kind === 'answered' || verdict.kind === 'notDone') return verdict;
        learn(undefined);
        if (verdict.kind === 'lost' && !canRepeat) return verdict;
        if (verdict.kind === 'elsewhere' && !isHint) {
          hint = verdict.origin;
          continue;
        }
        const reason = verdict.kind === 'elsewhere' ? `${origin} was named leader and names another` : verdict.reason;
        const isOver = signal.aborted || clock.bootMs() - startedMs >= leaderWaitMs;
        if (isOver) return { kind: verdict.kind === 'lost' ? 'lost' : 'notDone', reason };
        // Each node is asked once before anybody waits: one that is gone costs nothing while another leads.
        const rounds = Math.floor(attempt / urls.length);
        if (attempt + 1 >= urls.length) await clock.sleep(backoffMs(BACKOFF, rounds, entropy), signal).catch(() => undefined);
      }
    },
  };
}
