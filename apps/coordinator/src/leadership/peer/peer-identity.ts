import type { SqlDriver } from '@cloudless/db';
import { judgePeer } from '@cloudless/identity';
import type { DeviceCa, KeyWrap } from '@cloudless/identity/ca';
import type { Clock, Entropy, Logger, Result, Timer } from '@cloudless/kernel';
import type { ClusterId, CoordinatorId } from '@cloudless/proto';
import { dialPeer, type PeerChain, type TlsIdentity } from '@cloudless/transport/tls';
import { findDeviceCa } from '../../enrolment/index.ts';
import type { DialPeer } from './leader-link.ts';

export type PeerIdentityOptions = {
  readonly driver: SqlDriver;
  readonly keyWrap: KeyWrap;
  readonly clusterId: ClusterId;
  readonly coordinatorId: CoordinatorId;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
};

/** The certificate by which this coordinator is known to others, from the cluster's own authority. */
export interface PeerIdentity {
  /** `undefined` until the cluster has an authority: its first leader makes it. */
  current(): TlsIdentity | undefined;
  bundle(): string;
  judge(chain: PeerChain): Result<CoordinatorId, string>;
  readonly dial: DialPeer;
  /**
   * Loads the authority, if it is there by now.
   * @throws CloudlessError `config_invalid` when the master key does not open it
   */
  load(): Promise<boolean>;
  stop(): void;
}

const RETRY_MS = 60_000;

export function createPeerIdentity(options: PeerIdentityOptions): PeerIdentity {
  const { driver, keyWrap, clusterId, coordinatorId, clock, entropy, logger } = options;
  let ca: DeviceCa | undefined;
  let identity: (TlsIdentity & { readonly notAfter: number }) | undefined;
  let timer: Timer | undefined;
  let isStopped = false;

  async function issue(from: DeviceCa): Promise<void> {
    identity = await from.issuePeer(coordinatorId, clock.now());
    renewAfter(Math.max(RETRY_MS, (identity.notAfter - clock.now()) / 2));
  }
  function renewAfter(delayMs: number): void {
    timer?.cancel();
    if (isStopped) return;
    timer = clock.setTimer(delayMs, () => {
      if (!ca) return;
      issue(ca).catch((cause: unknown) => {
        logger.error({ op: 'peerIdentity.renew', outcome: 'failed' }, cause);
        renewAfter(RETRY_MS);
      });
    });
  }

  const judge: PeerIdentity['judge'] = (chain) => judgePeer({ bundle: ca?.bundle ?? '', clusterId, now: () => clock.now() })(chain);

  return {
    current: () => identity,
    bundle: () => ca?.bundle ?? '',
    judge,
    async dial(address, signal) {
      if (!identity) throw new Error('this coordinator has no certificate yet');
      return await dialPeer({ address, identity, judgePeer: judge, signal });
    },
    async load() {
      if (identity) return true;
      ca ??= await findDeviceCa({ driver, keyWrap, clusterId, entropy });
      if (ca) await issue(ca);
      return ca !== undefined;
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
