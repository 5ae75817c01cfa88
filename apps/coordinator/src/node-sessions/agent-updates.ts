import type { Store } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import type { BatchId, EventId, EventKind, NodeId } from '@cloudless/proto';
import type { AgentFile } from '../install/agent-file.ts';
import { decideUpdates } from './decide-updates.ts';

const LOOK_EVERY_MS = 5_000;

export type AgentUpdatesDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly agentFile: Pick<AgentFile, 'sha256' | 'version'> & { readonly bytes: { readonly byteLength: number } };
  /** Whether every coordinator could serve what it is about to offer. */
  readonly mayOffer: () => boolean;
  /** Tells a device that a newer agent is there. `false`: it has no session that knows the message. */
  readonly offer: (nodeId: NodeId, update: { readonly version: string; readonly sha256: string; readonly bytes: number }) => boolean;
};

/** Brings devices to the agent that this coordinator keeps, ring by ring. What was offered is memory: a new leader offers again. */
export function startAgentUpdates({ store, clock, entropy, logger, agentFile, mayOffer, offer }: AgentUpdatesDeps): { stop(): void } {
  const { sha256, version } = agentFile;
  const offeredAt = new Map<NodeId, number>();
  const seenAt = new Map<NodeId, number>();
  let toldStuck: NodeId | undefined;
  let timer = clock.setTimer(LOOK_EVERY_MS, look);

  function tell(nodeId: NodeId, kind: EventKind, severity: 'info' | 'error', message: string): void {
    const row = store.get('node', nodeId)?.row;
    if (!row) return;
    const event = {
      id: entropy.id('ev') as EventId,
      at: clock.now(),
      kind,
      severity,
      orgId: row.orgId,
      nodeId,
      actor: { kind: 'system', name: 'coordinator' } as const,
      params: { name: row.name, version },
      message: `${row.name}: ${message}`,
    };
    store
      .commit({ id: entropy.id('batch') as BatchId, mutations: [{ kind: 'event', event }] })
      .catch((cause: unknown) => logger.warn({ op: 'agent.update', outcome: 'failed', nodeId }, cause));
  }

  function look(): void {
    timer = clock.setTimer(LOOK_EVERY_MS, look);
    const nodes = Array.from(store.list('node'), ({ row }) => row);
    const now = clock.bootMs();
    for (const { id, fingerprint } of nodes) {
      if (fingerprint?.agentSha256 !== sha256 || seenAt.has(id)) continue;
      seenAt.set(id, now);
      if (offeredAt.has(id)) tell(id, 'node.agentUpdated', 'info', `its agent is now ${version} (${sha256.slice(0, 12)})`);
    }
    const decided = decideUpdates({ nodes, wanted: sha256, offeredAt, seenAt, now });
    if (decided.stuck !== undefined && decided.stuck !== toldStuck) {
      toldStuck = decided.stuck;
      tell(
        decided.stuck,
        'node.agentUpdateFailed',
        'error',
        'it did not come back with the new agent and keeps the one before; no other device gets it',
      );
    }
    for (const nodeId of mayOffer() ? decided.offer : []) {
      if (!offer(nodeId, { version, sha256, bytes: agentFile.bytes.byteLength })) continue;
      offeredAt.set(nodeId, now);
      logger.info({ op: 'agent.offer', outcome: 'ok', nodeId, sha256 });
    }
  }

  return { stop: () => timer.cancel() };
}
