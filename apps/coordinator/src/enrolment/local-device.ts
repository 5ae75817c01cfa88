import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Store } from '@cloudless/db';
import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { nodeIdSchema, type JoinTokenId, type NodeId, type OrgId } from '@cloudless/proto';
import { JOIN_TOKEN_TTL_MS } from '@cloudless/identity';
import type { NewJoinToken } from './enrolment.ts';
import type { EnrolmentRecords } from './records.ts';

const SETTING = 'local_node_id';
/** A fresh token well before the last one runs out: the agent may start late. */
const REFRESH_MS = JOIN_TOKEN_TTL_MS / 2;

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
  readonly logger: Logger;
  readonly orgId: OrgId;
  readonly createToken: () => Promise<NewJoinToken>;
};

/** Knows which node is the coordinator's own machine, and lets it in without a person. */
export async function createLocalDevice(deps: LocalDeviceDeps): Promise<LocalDevice> {
  const { store, records, clock, logger, orgId } = deps;
  const stored = nodeIdSchema.safeParse(await records.findSetting(orgId, SETTING));
  let known: NodeId | undefined = stored.success ? stored.data : undefined;
  const tokens = new Set<JoinTokenId>();
  let timer: Timer | undefined;
  let tokenFile: string | undefined;
  let isStopped = false;

  const current = (): NodeId | undefined => {
    const row = known && store.get('node', known)?.row;
    return row && row.revokedAt === undefined ? row.id : undefined;
  };

  async function ensureToken(file: string): Promise<void> {
    tokenFile = file;
    if (current() === undefined) {
      const made = await deps.createToken();
      tokens.add(made.id);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(`${file}.new`, `${made.token}\n`, { mode: 0o600 });
      await rename(`${file}.new`, file);
    }
    timer?.cancel();
    if (!isStopped) timer = clock.setTimer(REFRESH_MS, () => void refresh(file));
  }

  async function refresh(file: string): Promise<void> {
    try {
      await ensureToken(file);
    } catch (cause) {
      logger.warn({ op: 'localDevice.token', outcome: 'failed' }, cause);
      if (!isStopped) timer = clock.setTimer(REFRESH_MS, () => void refresh(file));
    }
  }

  return {
    nodeId: current,
    ensureToken,
    async noteJoined(tokenId, nodeId) {
      if (!tokens.delete(tokenId)) return;
      known = nodeId;
      await records.putSetting(orgId, SETTING, nodeId, clock.now());
      if (tokenFile !== undefined) await rm(tokenFile, { force: true });
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
