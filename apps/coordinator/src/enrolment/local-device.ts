import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Store } from '@cloudless/db';
import type { Clock, Entropy, Logger, Timer } from '@cloudless/kernel';
import { nodeIdSchema, type BatchId, type EventId, type JoinTokenId, type NodeId, type NodeRow, type OrgId } from '@cloudless/proto';
import { JOIN_TOKEN_TTL_MS } from '@cloudless/identity';
import type { EnrolmentRecords } from './records.ts';

const SETTING = 'local_node_id';
/** A fresh token well before the last one runs out: the agent may start late. */
const REFRESH_MS = JOIN_TOKEN_TTL_MS / 2;
/** From the join to the first session; one that takes longer may have been killed before it kept what it was given. */
const CONNECT_MS = 15_000;

export interface LocalDevice {
  nodeId(): NodeId | undefined;
  ensureToken(file: string): Promise<void>;
  /** A device came in by that token. */
  noteJoined(tokenId: JoinTokenId, nodeId: NodeId): Promise<void>;
  stop(): void;
}

export type LocalDeviceDeps = {
  readonly store: Store;
  readonly records: EnrolmentRecords;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly orgId: OrgId;
  readonly createToken: () => Promise<{ readonly id: JoinTokenId; readonly token: string }>;
};

/** Knows which node is the coordinator's own machine, and lets it in without a person. */
export async function createLocalDevice(deps: LocalDeviceDeps): Promise<LocalDevice> {
  const { store, records, clock, entropy, logger, orgId } = deps;
  const stored = nodeIdSchema.safeParse(await records.findSetting(orgId, SETTING));
  let known: NodeId | undefined = stored.success ? stored.data : undefined;
  const tokens = new Set<JoinTokenId>();
  let timer: Timer | undefined;
  let tokenFile: string | undefined;
  let isStopped = false;

  const current = (): NodeRow | undefined => {
    const row = known && store.get('node', known)?.row;
    return row && row.revokedAt === undefined ? row : undefined;
  };
  /** A device that joined and was never heard of may have lost its answer: it gets another chance. */
  const isIn = (): boolean => current()?.fingerprint !== undefined;

  async function ensureToken(file: string): Promise<void> {
    tokenFile = file;
    if (!isIn()) {
      const made = await deps.createToken();
      tokens.add(made.id);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(`${file}.new`, `${made.token}\n`, { mode: 0o600 });
      await rename(`${file}.new`, file);
    } else await rm(file, { force: true });
    refreshAfter(REFRESH_MS, file);
  }

  function refreshAfter(delayMs: number, file: string): void {
    timer?.cancel();
    if (!isStopped) timer = clock.setTimer(delayMs, () => void refresh(file));
  }

  /** What this machine was before, if it never came: nobody holds that identity. */
  async function removeGhost(before: NodeRow | undefined): Promise<void> {
    const ghost = before && store.get('node', before.id);
    if (!ghost || ghost.row.fingerprint !== undefined) return;
    const { row, version } = ghost;
    const message = `${row.name} joined again before it ever connected; the first join was forgotten.`;
    const actor = { kind: 'system', name: 'enrolment' } as const;
    const params = { name: row.name, code: 'joined_again' };
    const event = {
      id: entropy.id('ev') as EventId,
      at: clock.now(),
      kind: 'node.removed',
      severity: 'info',
      orgId,
      nodeId: row.id,
      actor,
      params,
      message,
    } as const;
    await store.commit({
      id: entropy.id('batch') as BatchId,
      mutations: [
        { kind: 'remove', table: 'node', id: row.id, expect: version },
        { kind: 'event', event },
      ],
    });
  }

  async function refresh(file: string): Promise<void> {
    try {
      await ensureToken(file);
    } catch (cause) {
      logger.warn({ op: 'localDevice.token', outcome: 'failed' }, cause);
      refreshAfter(REFRESH_MS, file);
    }
  }

  return {
    nodeId: () => current()?.id,
    ensureToken,
    async noteJoined(tokenId, nodeId) {
      if (!tokens.delete(tokenId)) return;
      const before = current();
      known = nodeId;
      await records.putSetting(orgId, SETTING, nodeId, clock.now());
      await removeGhost(before);
      if (tokenFile === undefined) return;
      await rm(tokenFile, { force: true });
      refreshAfter(CONNECT_MS, tokenFile);
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
