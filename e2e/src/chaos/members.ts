import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RqliteDouble } from '@cloudless/db/testing';
import { createRealClock } from '@cloudless/kernel/node';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { bothWays, CLEAR, startTcpProxy, type TcpProxy } from '@cloudless/transport/testing';
import { createSeat, type Seat } from './seat.ts';
import { until } from './until.ts';

/** One of several coordinators, and the network between it and the store. */
export interface Member extends Seat {
  readonly name: string;
  /** Hosts by which it asks the store's nodes, and nobody else does. */
  readonly storeHosts: ReadonlySet<string>;
  /** `leader`, `standby`, or nothing while it is neither. */
  role(): Promise<string | undefined>;
  partFromStore(): void;
  healStore(): void;
  /** Kills it, and takes its network down. */
  stop(): Promise<void>;
}

export type MembersOptions = { readonly store: RqliteDouble; readonly count: number };

const ROLE_MS = 60_000;

async function openMember(root: string, seed: number, store: RqliteDouble, host: string): Promise<Member> {
  const clock = createRealClock();
  const networks: TcpProxy[] = [];
  for (const [index, { url }] of store.nodes.entries()) {
    const { hostname, port } = new URL(url);
    networks.push(
      await startTcpProxy({ clock, entropy: createSeededEntropy(seed * 10 + index), target: { host: hostname, port: Number(port) } }),
    );
  }
  const storeHosts = networks.map(({ port }) => `127.0.0.1:${port}`);
  const urls = storeHosts.map((one) => `http://${one}`);
  store.advertise(urls);
  const envOf = (url: string) => ({ CLOUDLESS_STORE_URL: urls.join(','), CLOUDLESS_COORDINATOR_URL: url });
  const seat = await createSeat(root, { envOf, host });
  return {
    ...seat,
    name: root.split('/').at(-1) ?? root,
    storeHosts: new Set(storeHosts),
    async role() {
      const answer = await fetch(`${seat.url}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
      return answer?.status === 200 ? ((await answer.json()) as { role?: string }).role : undefined;
    },
    partFromStore() {
      for (const network of networks) network.turn(bothWays({ isBlocked: true }));
    },
    healStore() {
      for (const network of networks) network.turn(bothWays(CLEAR));
    },
    async stop() {
      await seat.coordinator.kill();
      for (const network of networks) await network.stop();
    },
  };
}

/** Coordinators on one store with one master key; the first of them leads. */
export async function startMembers(root: string, seed: number, { store, count }: MembersOptions): Promise<readonly Member[]> {
  const members: Member[] = [];
  const keyOf = (member: Member): string => join(member.root, 'coordinator/master.key');
  for (let index = 1; index <= count; index += 1) {
    const [first] = members;
    const member = await openMember(join(root, `coordinator-${index}`), seed * 10 + index, store, `127.0.0.${index + 1}`);
    members.push(member);
    await mkdir(join(member.root, 'coordinator'), { recursive: true, mode: 0o700 });
    if (first) await copyFile(keyOf(first), keyOf(member));
    member.coordinator.start();
    await untilRole(member, first ? 'standby' : 'leader');
  }
  return members;
}

export const untilRole = (member: Member, wanted: string): Promise<number> =>
  until(`${member.name} is ${wanted}`, ROLE_MS, async () => {
    const role = await member.role();
    return role === wanted ? undefined : `it is ${role ?? 'neither'}\n${member.coordinator.tail()}`;
  });

/** @throws Error when none leads */
export async function leaderOf(members: readonly Member[]): Promise<Member> {
  const roles = await Promise.all(members.map((member) => member.role()));
  const leader = members[roles.indexOf('leader')];
  if (!leader) throw new Error(`none of ${members.map(({ name }, index) => `${name} (${roles[index] ?? 'neither'})`).join(', ')} leads`);
  return leader;
}
