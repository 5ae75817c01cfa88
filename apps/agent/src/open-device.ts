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
  const { state, lastServerAt } = await withServerTime(createFileState(folder, logger));
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
    lastServerAt,
    clock,
    entropy,
    logger,
  });
  return { ...enrolment, state, addresses };
}

/** Keeps the latest coordinator's time in reach of the certificate checks. */
async function withServerTime(state: AgentState): Promise<{ state: AgentState; lastServerAt: () => number }> {
  let latest = (await state.loadHeld()).lastServerAt ?? 0;
  return {
    lastServerAt: () => latest,
    state: {
      ...state,
      saveHeld(held) {
        latest = Math.max(latest, held.lastServerAt ?? 0);
        return state.saveHeld(held);
      },
    },
  };
}
