import { createLifecycle, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import type { CloudlessError } from '@cloudless/proto';
import type { ApiParts, ControlPlaneParts } from './parts.ts';
import type { CoordinatorConfig } from './config.ts';
import type { ControlPlane } from './control-plane/index.ts';
import type { CrashPoint } from './crash-points.ts';
import type { ApiEndpoints } from './gateway/main-routes.ts';
import { openFront, startLeader } from './leader.ts';
import { layBase, layGround, type Base } from './ground.ts';
import { startMember } from './member.ts';
import { openCluster } from '@cloudless/db';

export type CoordinatorOptions = {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Names and addresses of this machine as they are now. */
  readonly machine: () => { readonly hostname: string; readonly addresses: readonly string[] };
  readonly version: string;
  /** Decides and places. Without it, nothing is scheduled. */
  readonly createControlPlane?: (parts: ControlPlaneParts) => ControlPlane;
  /** Serves `/trpc` and `/api/v1`. Without it, both answer 404. */
  readonly createApi?: (parts: ApiParts) => ApiEndpoints;
  readonly crashPoint?: CrashPoint;
};

export interface Coordinator {
  /** Of several that share a store, one leads and the others stand by. */
  readonly role: 'leader' | 'standby';
  /** Why this process has to end: it was replaced as leader, or could not take the lead. Never settles otherwise. */
  readonly over: Promise<CloudlessError>;
  /** Where this machine itself reaches it. */
  readonly url: string;
  readonly port: number;
  readonly version: string;
  /** `undefined` on a standby, which does not know. */
  isClaimed(): boolean | undefined;
  stop(): Promise<void>;
}

/** One coordinator on a database of its own: it leads from its start. */
async function startSole(base: Base, options: CoordinatorOptions): Promise<Coordinator> {
  const { clock, entropy, lifecycle, database, version } = base;
  const front = lifecycle.add('port', openFront(base));
  const cluster = await openCluster({ driver: database.driver, clock, entropy });
  const ground = await layGround(base, { driver: database.driver, cluster, lead: { kind: 'sole' } });
  const { port, isClaimed } = await startLeader(ground, front, options);
  return {
    role: 'leader',
    over: new Promise(() => undefined),
    url: `http://127.0.0.1:${port}`,
    port,
    version,
    isClaimed,
    stop: () => lifecycle.stop(),
  };
}

/**
 * The whole coordinator on real ports. What started is stopped again when a later part fails.
 *
 * @throws CloudlessError `config_invalid`, `port_taken`, `store_unavailable`
 */
export async function createCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const lifecycle = createLifecycle();
  try {
    const base = await layBase(options, lifecycle);
    return await (base.database.rqlite ? startMember(base, options) : startSole(base, options));
  } catch (error) {
    await lifecycle.stop().catch((cause: unknown) => options.logger.error({ op: 'coordinator.start', outcome: 'failed' }, cause));
    throw error;
  }
}
