import { findCluster, foundCluster, type Cluster, type LeadSeen } from '@cloudless/db';
import { assert, withDeadline } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError } from '@cloudless/proto';
import type { Coordinator, CoordinatorOptions } from './coordinator.ts';
import { openFront, startLeader, type Led } from './leader.ts';
import { layGround, type Base } from './ground.ts';
import type { Lead } from './lead.ts';
import { rememberCluster } from './open-database.ts';
import { announceLead } from './leadership/announce-lead.ts';
import { campaign, holdLease, withLease, type Lease, type Won } from './leadership/index.ts';
import { createAttendance } from './leadership/peer/attendance.ts';
import { openStandby } from './standby.ts';

/** What is still on its way when a leader is stopped may take this long; then whoever takes over waits no more. */
const DRAIN_MS = 2_000;

const toError = (cause: unknown): CloudlessError =>
  isCloudlessError(cause) ? cause : new CloudlessError('internal', 'The coordinator could not take the lead.', { cause });

/**
 * One of several coordinators on a shared store: stands by, and leads once it wins the lead. It never goes back: when it is replaced, its
 * process ends, and a supervisor starts it as a standby.
 *
 * @throws CloudlessError `store_unavailable`, `config_invalid`, `port_taken`
 */
export async function startMember(base: Base, options: CoordinatorOptions): Promise<Coordinator> {
  const { clock, entropy, logger, lifecycle, database, version, paths } = base;
  const { driver } = database;
  const founded = await foundCluster({ driver, clock, entropy });
  await rememberCluster(paths, founded.clusterId);
  const front = lifecycle.add('port', openFront(base));
  const standing = await openStandby(base, founded, front);
  const over = Promise.withResolvers<CloudlessError>();
  /** Its role is known: it leads, or another does. */
  const settled = Promise.withResolvers<void>();
  let led: Led | undefined;
  let lease: Lease | undefined;

  async function takeLead({ token, cause, before }: Won, held: Lease): Promise<void> {
    const { coordinatorId, door } = standing;
    held.onChange((state) => {
      if (state.kind === 'lost' && !lifecycle.signal.aborted) over.resolve(replacedError(state.reason));
    });
    const attendance = lifecycle.add('attendance', createAttendance({ clock }));
    const lead = { kind: 'leased', coordinatorId, lease: held, cause, before, peers: { door, attendance } } as const satisfies Lead;
    const cluster = await findCluster(driver);
    assert(cluster, 'a cluster that is led was founded');
    const ground = await layGround(base, {
      driver: withLease(driver, held, clock),
      cluster: { ...cluster, token } satisfies Cluster,
      lead,
    });
    // Its ports are the leader's from here on.
    void standing.stop();
    led = await startLeader(ground, front, options);
    await standing.identity.load();
    announceLead(ground, lead);
    settled.resolve();
  }

  /** Holds the lead as soon as it is won, so that a stop finds it. */
  async function win(signal: AbortSignal): Promise<{ readonly won: Won; readonly held: Lease }> {
    const { coordinatorId, instance, link } = standing;
    const claim = { holder: coordinatorId, instance, addresses: standing.addresses, version };
    const onSeen = (seen: LeadSeen | undefined): void => {
      link.see(seen);
      if (seen?.leader && !seen.leader.released && seen.leader.holder !== coordinatorId) settled.resolve();
    };
    const won = await campaign({ driver, clock, entropy, logger, proveGone: link, claim, onSeen }, signal);
    lease = holdLease({ driver, clock, entropy, logger, token: won.token, sentMs: won.sentMs });
    return { won, held: lease };
  }

  const candidacy = new AbortController();
  const winning = win(candidacy.signal);
  async function endCandidacy(): Promise<void> {
    candidacy.abort(new Error('stopping'));
    await winning.catch(() => undefined);
  }
  lifecycle.add('lease', {
    async stop() {
      await endCandidacy();
      await lease?.stop();
    },
  });

  async function run(): Promise<void> {
    const { won, held } = await winning;
    if (candidacy.signal.aborted) return;
    standing.beginLead();
    await takeLead(won, held);
  }

  const running = run().catch((cause: unknown) => {
    if (candidacy.signal.aborted) return;
    logger.error({ op: 'leadership.lead', outcome: 'failed' }, cause);
    over.resolve(toError(cause));
  });
  const port = await front.listen();
  await Promise.race([
    settled.promise,
    over.promise.then((why) => {
      throw why;
    }),
  ]);
  return {
    get role() {
      return led ? 'leader' : 'standby';
    },
    over: over.promise,
    url: `http://127.0.0.1:${port}`,
    port,
    version,
    isClaimed: () => led?.isClaimed(),
    async stop() {
      await endCandidacy();
      // Changes that wait to be stored are stored; later ones are refused.
      if (led) await withDeadline(clock, 'storing what is on its way', DRAIN_MS, led.takeNoMore).catch(() => undefined);
      // Whoever takes over need not wait until everything else here has ended.
      await lease?.stop();
      const stopped = lifecycle.stop();
      await running;
      await Promise.all([stopped, standing.stop()]);
    },
  };
}

const replacedError = (reason: string): CloudlessError =>
  new CloudlessError(
    'no_leader',
    `This coordinator leads no more: ${reason}. It ends, so that its supervisor starts it again as a standby.`,
  );
