import { createSeededEntropy } from '@cloudless/kernel/testing';
import { isCloudlessError, type ErrorCode, type WorkloadId } from '@cloudless/proto';
import { createClient, type CloudlessClient } from '@cloudless/sdk';
import { createHistory, type History, type Operation } from './history.ts';
import { pause, until } from './until.ts';

/** The label that a person's writes go to: it changes nothing of what runs. */
const VALUE = 'chaos/value';
const CALL_MS = 4000;
/** Where the next call goes to another coordinator. */
const SHORT_CALL_MS = 2000;
/** On an answer of a coordinator that may have been replaced: what is read may be old. */
const STALE_HEADER = 'cloudless-stale-since';
/** Between two things that one person does. */
const REST_MS = 60;

/** After these, and only these, a change certainly did not happen and will not: what the SDK and the API promise of them. */
const DID_NOT_HAPPEN: ReadonlySet<ErrorCode> = new Set([
  'coordinator_unreachable',
  'no_leader',
  'store_unavailable',
  'overloaded',
  'too_many_requests',
  'stale',
  'name_taken',
  'not_found',
  'unauthenticated',
]);

/** People who read and change apps throughout, and what they were told. */
export interface People {
  readonly history: History;
  /** How often each failure was told. */
  readonly failures: ReadonlyMap<string, number>;
  /** Longest time without a write that was acknowledged, in ms. */
  readonly longestGapMs: number;
  /** Reads that were said to be old, maybe: they promise nothing. */
  readonly staleReads: number;
  /** Waits for an acknowledged write that was asked for after that moment of `performance.now()`. @returns ms from it to the answer */
  untilWrittenAfter(fromMs: number, withinMs: number): Promise<number>;
  /** Ends them, reads every key once more, and gives the history. */
  finish(): Promise<readonly Operation[]>;
}

export type PeopleOptions = {
  /** Of each coordinator. Everybody asks each in turn, so that what one could not do is tried again through another. */
  readonly urls: readonly string[];
  readonly token: string;
  readonly seed: number;
  /** Apps that are there already; each is a key. */
  readonly apps: readonly WorkloadId[];
  readonly count?: number;
};

/** Reads an app's value; nothing once it is being deleted. */
async function readValue(client: CloudlessClient, workloadId: string): Promise<string | undefined> {
  try {
    const { labels, deletedAt } = await client.workload.get({ workloadId });
    return deletedAt === undefined ? labels[VALUE] : undefined;
  } catch (cause) {
    if (isCloudlessError(cause) && cause.code === 'not_found') return undefined;
    throw cause;
  }
}

type Caller = { readonly client: CloudlessClient; readonly wasStale: () => boolean };

/** For one call at a time. */
function openCaller(url: string, token: string, timeoutMs: number): Caller {
  let isStale = false;
  const client = createClient({
    url,
    token,
    timeoutMs,
    async fetch(...call) {
      isStale = false;
      const answer = await fetch(...call);
      isStale = answer.headers.has(STALE_HEADER);
      return answer;
    },
  });
  return { client, wasStale: () => isStale };
}

export function startPeople({ urls, token, seed, apps, count = 3 }: PeopleOptions): People {
  const history = createHistory(() => performance.now());
  const failures = new Map<string, number>();
  const stopping = new AbortController();
  let written = 0;
  let lastAckMs = performance.now();
  let longestGapMs = 0;
  let staleReads = 0;
  const openCallers = (): Caller[] => urls.map((url) => openCaller(url, token, urls.length > 1 ? SHORT_CALL_MS : CALL_MS));

  function note(cause: unknown): ErrorCode {
    const code = isCloudlessError(cause) ? cause.code : 'internal';
    failures.set(code, (failures.get(code) ?? 0) + 1);
    return code;
  }

  async function read({ client, wasStale }: Caller, key: string): Promise<void> {
    const operation = history.invoke(key, 'read');
    try {
      const value = await readValue(client, key);
      if (wasStale()) staleReads += 1;
      history.end(operation, wasStale() ? 'fail' : 'ok', value);
    } catch (cause) {
      note(cause);
      history.end(operation, 'fail');
    }
  }

  async function change(operation: Operation, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      history.end(operation, 'ok');
      longestGapMs = Math.max(longestGapMs, performance.now() - lastAckMs);
      lastAckMs = performance.now();
    } catch (cause) {
      history.end(operation, DID_NOT_HAPPEN.has(note(cause)) ? 'fail' : 'unknown');
    }
  }

  async function write({ client }: Caller, workloadId: string): Promise<void> {
    const { spec, generation } = await client.workload.get({ workloadId });
    written += 1;
    const value = `v${written}`;
    await change(history.invoke(workloadId, 'write', value), () =>
      client.workload.update({ workloadId, spec, labels: { [VALUE]: value }, ifGeneration: generation }),
    );
  }

  async function live(index: number): Promise<void> {
    const { random } = createSeededEntropy(seed * 100 + index);
    const callers = openCallers();
    for (let turn = index; !stopping.signal.aborted; turn += 1) {
      const caller = callers[turn % callers.length];
      const key = apps[Math.floor(random() * apps.length)] ?? '';
      if (caller) await (random() < 0.5 ? read(caller, key) : write(caller, key).catch(note));
      await pause(REST_MS * random() * 2);
    }
    for (const { client } of callers) await client.close();
  }

  const lives = Promise.all(Array.from({ length: count }, (_, index) => live(index)));
  return {
    history,
    failures,
    get longestGapMs() {
      return Math.max(longestGapMs, performance.now() - lastAckMs);
    },
    get staleReads() {
      return staleReads;
    },
    async untilWrittenAfter(fromMs, withinMs) {
      const find = (): Operation | undefined =>
        history.operations.find(({ kind, outcome, invokedAtMs }) => kind === 'write' && outcome === 'ok' && invokedAtMs > fromMs);
      await until('a write is acknowledged', withinMs, () => (find() ? undefined : `none is: ${JSON.stringify([...failures])}`));
      return (find()?.endedAtMs ?? Infinity) - fromMs;
    },
    async finish() {
      stopping.abort();
      await lives;
      const [caller] = openCallers();
      for (const key of apps) if (caller) await read(caller, key);
      await caller?.client.close();
      const unread = history.operations.slice(-apps.length).filter(({ outcome }) => outcome !== 'ok');
      if (unread.length > 0) throw new Error(`after the faults, ${unread.length} of ${apps.length} apps cannot be read`);
      return history.operations;
    },
  };
}
