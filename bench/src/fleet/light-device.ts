import type { Clock, Timer } from '@cloudless/kernel';
import { createCsr, createDeviceKey, judgeCoordinator, judgePinned, parseJoinToken } from '@cloudless/identity';
import { LINK_PROTOCOL, type CoordinatorMessage, type NodeId } from '@cloudless/proto';
import { buildFingerprint } from '@cloudless/proto/testing';
import type { AgentLink } from '@cloudless/transport';
import { dialCoordinator, joinCoordinator } from '@cloudless/transport/websocket';

const GIB = 2 ** 30;
const CAPACITY = { cpuMillicores: 64_000, memoryBytes: 256 * GIB, storageBytes: 0 };

export type LightDeviceOptions = {
  readonly url: string;
  readonly name: string;
  readonly token: string;
  readonly link: 'wired' | 'wifi';
  readonly clock: Clock;
  onJoined(nodeId: NodeId): void;
  onOnline(): void;
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
 * heartbeats as often as it is told. It takes every assignment, and starts and reports nothing.
 */
export async function startLightDevice(options: LightDeviceOptions): Promise<LightDevice> {
  const { url, name, clock } = options;
  const token = parseJoinToken(options.token);
  if (!token) throw new Error('the coordinator made a join token that cannot be read');
  const key = createDeviceKey();
  const csr = await createCsr(key);
  const answer = await joinCoordinator({ url, token: token.presented, csr, name, judgeCoordinator: judgePinned(token.caHash), clock });
  if (answer.kind === 'refused') throw new Error(`${name} was refused: ${answer.message}`);
  const { nodeId, clusterId, certificate, bundle } = answer;
  options.onJoined(nodeId);
  const link = await dialCoordinator({
    url,
    identity: { certificate, key },
    judgeCoordinator: judgeCoordinator({ bundle, clusterId, now: () => clock.now() }),
    clock,
  });
  const stopBeats = beatWhenWelcomed(link, clock);
  link.onMessage((message) => {
    stopBeats.take(message);
    if (message.kind === 'complete') options.onOnline();
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
  return {
    leave: () => void link.send({ kind: 'leave', reason: 'the benchmark stops it' }),
    close: () => link.close({ code: 'closed', message: 'the benchmark ends', retry: false }),
  };
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
