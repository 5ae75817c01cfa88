import { readFile, rm } from 'node:fs/promises';
import { arch, hostname, platform, release } from 'node:os';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { parseJoinToken } from '@cloudless/identity';
import type { AgentConfig } from './config.ts';
import { createAddressBook, type Addresses } from './session/address-book.ts';
import { createEnrolment, type EnrolmentDeps } from './session/enrolment.ts';
import { clusterMark, findOnLan } from './session/find-on-lan.ts';
import { createProbe } from './session/probe-addresses.ts';
import { createAddressFile } from './state/address-file.ts';
import { createFileState } from './state/file-state.ts';
import type { AgentState } from './state/state.ts';

export type DeviceDeps = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Tried besides those that are known. */
  readonly further?: readonly string[];
  readonly onWaiting?: EnrolmentDeps['onWaiting'];
};

export type Device = ReturnType<typeof createEnrolment> & { readonly state: AgentState; readonly addresses: Addresses };

/** What this machine is to its cluster: its state, where the coordinator may be, and how it joins. */
export async function openDevice(config: AgentConfig, { clock, entropy, logger, further = [], onWaiting }: DeviceDeps): Promise<Device> {
  const { folder, joinTokenFile } = config;
  const { state, serverNow, noteServerAt } = await withServerTime(createFileState(folder, logger), clock);
  const readJoinToken = (): Promise<string | undefined> =>
    readFile(joinTokenFile, 'utf8').then(
      (text) => text.trim() || undefined,
      () => undefined,
    );
  const token = parseJoinToken((await readJoinToken()) ?? '');
  const addresses = await createAddressBook({
    configured: [...config.coordinatorUrls, ...further, ...(token?.addresses ?? [])],
    ...createAddressFile(folder),
    probe: createProbe(clock),
    findOnLan: async (signal) => {
      const identity = await state.loadIdentity();
      return findOnLan(identity && clusterMark(identity.clusterId), clock, signal);
    },
    logger,
  });
  const enrolment = createEnrolment({
    addresses,
    name: config.nodeName,
    candidate: { hostname: hostname().slice(0, 255), os: `${platform()} ${release()}`.slice(0, 128), arch: arch() },
    ...(onWaiting ? { onWaiting } : {}),
    readJoinToken,
    dropJoinToken: () => rm(joinTokenFile, { force: true }),
    state,
    serverNow,
    noteServerAt,
    clock,
    entropy,
    logger,
  });
  return { ...enrolment, state, addresses };
}

/**
 * The coordinator's time as this device knows it: what was heard last, and the boot time since. A machine without a clock of its own
 * (1970) judges certificates by it, and knows it again after a restart.
 */
async function withServerTime(state: AgentState, clock: Clock) {
  let heard = { serverAt: (await state.loadHeld()).lastServerAt ?? 0, bootMs: clock.bootMs() };
  const note = (serverAt: number): void => {
    if (serverAt > serverNow()) heard = { serverAt, bootMs: clock.bootMs() };
  };
  const serverNow = (): number => (heard.serverAt === 0 ? 0 : heard.serverAt + clock.bootMs() - heard.bootMs);
  return {
    serverNow,
    async noteServerAt(serverAt: number): Promise<void> {
      note(serverAt);
      const held = await state.loadHeld();
      // Only before anything else is held: what runs keeps it by itself from then on.
      if (held.lastServerAt === undefined) await state.saveHeld({ ...held, lastServerAt: serverAt });
    },
    state: {
      ...state,
      saveHeld(held) {
        note(held.lastServerAt ?? 0);
        return state.saveHeld(held);
      },
    } satisfies AgentState,
  };
}
