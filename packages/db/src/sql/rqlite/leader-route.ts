import { backoffMs, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { parseAnswer, type RqliteAnswer } from './answers.ts';
import { judgeRequestError } from './failure.ts';
import type { Exchange, HttpClient, HttpRequest } from './http-client.ts';
import { QUERY_PATH } from './requests.ts';

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
  /** Addresses of all nodes, asked whenever another one leads; empty when nobody tells. */
  readonly discover: (leader: string) => Promise<readonly string[]>;
};

/** What one node made of a request. */
type Verdict =
  | Routed
  /** Another node is the leader. */
  | { readonly kind: 'elsewhere'; readonly origin: string }
  /** It did not happen; it may elsewhere, or soon. `isHopeless`: not soon. */
  | { readonly kind: 'notYet'; readonly reason: string; readonly isHopeless?: boolean | undefined };

/** After that without an answer the others are asked whether somebody else leads by now: a machine that is gone refuses nothing. */
const SUSPECT_AFTER_MS = 1000;
const NODES_KEPT = 16;
const WHO_LEADS: HttpRequest = { method: 'POST', path: QUERY_PATH, body: '["SELECT 1"]' };
const BACKOFF = { baseMs: 25, maxMs: 250, factor: 2, jitter: 0.5 };

/** Where a node sends a request on, unless that would carry the password or the data out of TLS. */
function redirectTarget(from: string, location: string | undefined): string | undefined {
  const to = location === undefined ? null : URL.parse(location);
  return to && to.protocol === URL.parse(from)?.protocol ? to.origin : undefined;
}

function judgeStatus(origin: string, { status, isFromRqlite, location, body }: Extract<Exchange, { kind: 'answered' }>): Verdict {
  if (status === 401 || status === 403) return { kind: 'notDone', reason: `${origin} refused the user name or password (${status})` };
  if (!isFromRqlite) {
    // Somebody in between: it may have passed the request on before it answered so.
    return { kind: status >= 500 ? 'lost' : 'notDone', reason: `${origin} answered ${status}: this is no rqlite node` };
  }
  const said = `${origin} answered ${status} ${body.trim().slice(0, 200)}`.trim();
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
  if (exchange.kind === 'notSent')
    return { kind: 'notYet', reason: `${origin} cannot be reached: ${exchange.reason}`, isHopeless: exchange.isHopeless };
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
  const { urls, http, clock, entropy, logger, leaderWaitMs, discover } = options;
  let known: readonly string[] = urls;
  let leader: string | undefined;
  let asked = 0;

  function nextOrigin(): string {
    if (leader !== undefined) return leader;
    asked += 1;
    return known[asked % known.length] ?? '';
  }

  async function learnNodes(from: string): Promise<void> {
    const found = await discover(from);
    known = [...new Set([...urls, ...found])].slice(0, NODES_KEPT);
  }

  function learn(origin: string | undefined): void {
    if (origin === leader) return;
    if (origin !== undefined) {
      logger.info({ op: 'store.leader', outcome: 'ok', leader: origin, before: leader });
      void learnNodes(origin);
    }
    leader = origin;
  }

  /** Who leads by the word of another node than `origin`. */
  async function askOthers(origin: string, signal: AbortSignal): Promise<string | undefined> {
    for (const other of known.filter((one) => one !== origin)) {
      const verdict = judge(other, await http.exchange(other, WHO_LEADS, signal));
      if (verdict.kind === 'answered') return other;
      if (verdict.kind === 'elsewhere') return verdict.origin;
    }
    return undefined;
  }

  /** One request, given up when another node leads by now. */
  async function exchangeWatched(origin: string, request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
    const controller = new AbortController();
    const either = AbortSignal.any([signal, controller.signal]);
    const watch = new AbortController();
    const pending = http.exchange(origin, request, either).finally(() => watch.abort());
    const suspect = async (): Promise<void> => {
      while (!either.aborted) {
        await clock.sleep(SUSPECT_AFTER_MS, watch.signal);
        const found = await askOthers(origin, watch.signal);
        if (found !== undefined && found !== origin) controller.abort(new Error(`${found} leads by now`));
      }
    };
    // Ends by the abort of its sleep as soon as the answer is there.
    suspect().catch(() => undefined);
    return await pending;
  }

  return {
    get leader() {
      return leader;
    },
    async send(request, { canRepeat, signal }) {
      // From the first failure: an answer that is long in coming is the deadline's to judge.
      let searchesSinceMs: number | undefined;
      let hint: string | undefined;
      /** Nodes in a row whom waiting does not help. */
      let hopeless = 0;
      for (let attempt = 0; ; attempt += 1) {
        const origin = hint ?? nextOrigin();
        const isHint = hint !== undefined;
        hint = undefined;
        const verdict = judge(origin, await exchangeWatched(origin, request, signal));
        if (verdict.kind === 'answered') learn(origin);
        if (verdict.kind === 'answered' || verdict.kind === 'notDone') return verdict;
        learn(undefined);
        if (verdict.kind === 'lost' && !canRepeat) return verdict;
        if (verdict.kind === 'elsewhere' && !isHint) {
          hint = verdict.origin;
          continue;
        }
        const reason = verdict.kind === 'elsewhere' ? `${origin} was named leader and names another` : verdict.reason;
        searchesSinceMs ??= clock.bootMs();
        hopeless = verdict.kind === 'notYet' && verdict.isHopeless === true ? hopeless + 1 : 0;
        const isOver = hopeless >= known.length || signal.aborted || clock.bootMs() - searchesSinceMs >= leaderWaitMs;
        if (isOver) return { kind: verdict.kind === 'lost' ? 'lost' : 'notDone', reason };
        // Each node is asked once before anybody waits: one that is gone costs nothing while another leads.
        const rounds = Math.floor(attempt / known.length);
        if (attempt + 1 >= known.length) await clock.sleep(backoffMs(BACKOFF, rounds, entropy), signal).catch(() => undefined);
      }
    },
  };
}
