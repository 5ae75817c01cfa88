import type { Clock, Entropy, Timer } from '@cloudless/kernel';
import { createCsr, createDeviceKey, judgeCoordinator, judgePinned, parseJoinToken } from '@cloudless/identity';
import { LINK_PROTOCOL, type CoordinatorMessage, type NodeId } from '@cloudless/proto';
import { buildFingerprint } from '@cloudless/proto/testing';
import { reconnectDelayMs, type AgentLink } from '@cloudless/transport';
import { DialFailed, dialCoordinator, joinCoordinator, type JudgePeer } from '@cloudless/transport/tls';

const GIB = 2 ** 30;
const CAPACITY = { cpuMillicores: 64_000, memoryBytes: 256 * GIB, storageBytes: 1024 * GIB };

/** A device that cannot join for so long has failed. */
const JOIN_GIVE_UP_MS = 110_000;

/** How it came online. */
export type Return = {
  /** Dials since its link was lost, or since it joined; the one that came about counts. */
  readonly dials: number;
  /** Of these, those that the coordinator asked to come back later. */
  readonly askedBack: number;
};

export type LightDeviceOptions = {
  readonly url: string;
  readonly name: string;
  readonly token: string;
  readonly link: 'wired' | 'wifi' | 'mobile';
  readonly clock: Clock;
  readonly entropy: Entropy;
  onJoined(nodeId: NodeId): void;
  /** At first, and whenever it is back. */
  onOnline(how: Return): void;
  /** Its bulk path stands, so that streams reach it. */
  onReachable(): void;
  /** It will not come back by itself. */
  onFailed(cause: unknown): void;
  /** The apps of the replicas that it was told to run, once for each. */
  onTold(apps: readonly string[]): void;
};

export interface LightDevice {
  /** Says goodbye, as an agent does that is stopped. */
  leave(): void;
  close(): void;
}

/**
 * The least that the coordinator takes for a device: a key of its own, a certificate by a join token, both paths with mutual TLS, hello,
 * heartbeats as often as it is told. It takes every assignment, and starts and reports nothing. It dials again as real agents do.
 */
export async function startLightDevice(options: LightDeviceOptions): Promise<LightDevice> {
  const { url, name, clock, entropy } = options;
  const key = createDeviceKey();
  const { nodeId, clusterId, certificate, bundle } = await join(options, key);
  options.onJoined(nodeId);
  const over = new AbortController();
  let current: AgentLink | undefined;
  const tries = countTries(options);

  /** @returns whether trying again makes sense */
  async function converse(link: AgentLink): Promise<boolean> {
    const beats = beatWhenWelcomed(link, clock);
    void link.bringBulk().then(options.onReachable, () => undefined);
    let wasWelcomed = false;
    link.onMessage((message) => {
      beats.take(message);
      if (message.kind === 'complete') {
        wasWelcomed = true;
        options.onOnline(tries.soFar());
      }
      if (message.kind !== 'incremental') return;
      const apps = message.changes.flatMap((change) =>
        change.kind === 'put' && change.assignment.desired === 'running' ? [change.assignment.workloadName] : [],
      );
      if (apps.length > 0) options.onTold(apps);
    });
    link.send({
      kind: 'hello',
      protocol: LINK_PROTOCOL,
      agentVersion: '0.1.0',
      nodeId,
      clusterId,
      epoch: 0,
      token: 0,
      fingerprint: buildFingerprint({ hostname: name, capacity: CAPACITY, link: { type: options.link } }),
      allocations: [],
    });
    const { retry } = await link.closed;
    if (wasWelcomed) tries.lost();
    return retry;
  }

  const identity = { certificate, key };
  const judge = judgedOnce(judgeCoordinator({ bundle, clusterId, now: () => clock.now() }));
  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      try {
        tries.begin();
        current = await dialCoordinator({ url, identity, judgeCoordinator: judge, clock, entropy, signal: over.signal });
        if (!(await converse(current))) return;
        await clock.sleep(tries.delayMs(), over.signal);
      } catch (cause) {
        if (over.signal.aborted) return;
        await clock.sleep(tries.failed(cause), over.signal);
      }
    }
  }
  run().catch(options.onFailed);
  return {
    leave() {
      current?.send({ kind: 'leave', reason: 'the benchmark stops it' });
    },
    close() {
      over.abort(new Error('the benchmark ends'));
      current?.close({ code: 'closed', message: 'the benchmark ends', retry: false });
    },
  };
}

const judgments = new Map<string, { readonly verdict: ReturnType<JudgePeer> }>();

/** Each device would judge the coordinator on a processor of its own; here one does for all, once for each chain. */
const judgedOnce =
  (judge: JudgePeer): JudgePeer =>
  (chain) => {
    const shown = chain.map((der) => Buffer.from(der).toString('base64')).join();
    const known = judgments.get(shown) ?? { verdict: judge(chain) };
    judgments.set(shown, known);
    return known.verdict;
  };

/** How long to wait before each dial, by the rule that real agents have. */
function countTries({ clock, entropy }: Pick<LightDeviceOptions, 'clock' | 'entropy'>) {
  let lostAtMs = clock.bootMs();
  let [dials, askedBack] = [0, 0];
  const delayMs = (retry = true, retryAfterMs?: number): number =>
    reconnectDelayMs({ outageMs: clock.bootMs() - lostAtMs, failures: dials, retry, retryAfterMs }, entropy);
  return {
    begin: () => void (dials += 1),
    soFar: (): Return => ({ dials, askedBack }),
    lost() {
      lostAtMs = clock.bootMs();
      [dials, askedBack] = [0, 0];
    },
    delayMs: () => delayMs(),
    /** @throws what is no failed dial */
    failed(cause: unknown): number {
      if (!(cause instanceof DialFailed)) throw cause;
      if (cause.retryAfterMs !== undefined) askedBack += 1;
      return delayMs(cause.retry, cause.retryAfterMs);
    },
  };
}

/** By its token, tried again while the coordinator is away or busy. */
async function join(options: LightDeviceOptions, key: string) {
  const { url, name, clock } = options;
  const token = parseJoinToken(options.token);
  if (!token) throw new Error('the coordinator made a join token that cannot be read');
  const csr = createCsr(key);
  const tries = countTries(options);
  const giveUpAtMs = clock.bootMs() + JOIN_GIVE_UP_MS;
  for (;;) {
    try {
      tries.begin();
      const answer = await joinCoordinator({
        url,
        token: token.presented,
        csr,
        name,
        judgeCoordinator: judgedOnce(judgePinned(token.caHash)),
        clock,
      });
      if (answer.kind === 'refused') throw new Error(`${name} was refused: ${answer.message}`);
      return answer;
    } catch (cause) {
      const delayMs = tries.failed(cause);
      if (clock.bootMs() + delayMs > giveUpAtMs) throw cause;
      await clock.sleep(delayMs);
    }
  }
}

function beatWhenWelcomed(link: AgentLink, clock: Clock): { take(message: CoordinatorMessage): void } {
  let timer: Timer | undefined;
  let sequence = 0;
  function beat(everyMs: number): void {
    if (link.signal.aborted) return;
    link.send({ kind: 'heartbeat', sequence, allocations: [] });
    sequence += 1;
    timer = clock.setTimer(everyMs, () => beat(everyMs));
  }
  void link.closed.then(() => timer?.cancel());
  return {
    take(message) {
      if (message.kind === 'welcome') beat(message.heartbeatMs);
    },
  };
}
