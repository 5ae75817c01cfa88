import { join } from 'node:path';
import { REPOSITORY } from '../programs/repository.ts';
import { COORDINATOR } from './part-plans.ts';
import { parsePort } from './option-values.ts';
import type { Refusal } from './refusal.ts';
import type { PartPlan } from './supervise.ts';

/** Of coordinators, and of nodes of the store: one may be away, and the two others are a majority. */
export const MEMBERS = 3;

export type ClusterSurroundings = {
  /** Holds a folder for each member. */
  readonly root: string;
  /** The first coordinator's; the others follow. */
  readonly port: number;
  /** The first store node's; each has one for its API and one for Raft. */
  readonly storePort: number;
  readonly webPort: number;
  readonly rqlited: string;
};

const members = Array.from({ length: MEMBERS }, (_, index) => index);
const HOST = '127.0.0.1';

export const coordinatorUrls = ({ port }: Pick<ClusterSurroundings, 'port'>): readonly string[] =>
  members.map((index) => `http://${HOST}:${port + index}`);
const apiAt = (storePort: number, index: number): string => `${HOST}:${storePort + index * 2}`;
const raftAt = (storePort: number, index: number): string => `${HOST}:${storePort + index * 2 + 1}`;

export type ClusterPort = { readonly port: number; readonly flag: '--port' | '--store-port' };

/** Every port that the cluster needs, and the flag that chooses it. */
export const clusterPorts = ({ port, storePort }: Pick<ClusterSurroundings, 'port' | 'storePort'>): readonly ClusterPort[] => [
  ...members.map((index) => ({ port: port + index, flag: '--port' }) as const),
  ...members.flatMap((index) => [0, 1].map((next) => ({ port: storePort + index * 2 + next, flag: '--store-port' }) as const)),
];

/** Why these ports cannot be had together, whoever listens on them. */
export function judgeClusterPorts(ports: readonly ClusterPort[]): Refusal | undefined {
  const remedy = 'choose others with --port and --store-port, such as 7600 and 4001';
  for (const [index, { port, flag }] of ports.entries()) {
    const parsed = parsePort(String(port));
    if (!('value' in parsed)) return { problem: `${flag} needs port ${port} as well: ${parsed.problem}`, remedy };
    if (ports.findIndex((other) => other.port === port) < index)
      return { problem: `a coordinator and the store would both have port ${port}`, remedy };
  }
  return undefined;
}

export const coordinatorFolder = (root: string, index: number): string => join(root, `coordinator-${index + 1}`);

/** The store's nodes, in this order. They find each other by their Raft addresses, which must stay. */
export function planStore({ root, storePort, rqlited }: ClusterSurroundings): readonly PartPlan[] {
  const joins = members.map((index) => raftAt(storePort, index)).join(',');
  return members.map((index) => ({
    name: `store-${index + 1}`,
    program: rqlited,
    argv: [
      ...['-node-id', `store-${index + 1}`],
      ...['-http-addr', apiAt(storePort, index), '-raft-addr', raftAt(storePort, index)],
      ...['-bootstrap-expect', String(MEMBERS), '-join', joins],
      join(root, `store-${index + 1}`),
    ],
    env: {},
  }));
}

/** The coordinators, and one dashboard for all of them. */
export function planCoordinators(surroundings: ClusterSurroundings): readonly PartPlan[] {
  const { root, port, storePort, webPort } = surroundings;
  const coordinators = coordinatorUrls(surroundings).map((url, index) => ({
    name: `coordinator-${index + 1}`,
    argv: COORDINATOR.argv,
    env: {
      ...COORDINATOR.env,
      CLOUDLESS_DATA: coordinatorFolder(root, index),
      CLOUDLESS_HOST: HOST,
      CLOUDLESS_PORT: String(port + index),
      CLOUDLESS_WEB_URL: `http://${HOST}:${webPort}`,
      CLOUDLESS_STORE_URL: members.map((member) => `http://${apiAt(storePort, member)}`).join(','),
      CLOUDLESS_COORDINATOR_URL: url,
      CLOUDLESS_LOCAL_AGENT: '0',
    },
  }));
  const web = {
    name: 'web',
    argv: [join(REPOSITORY, 'apps', 'web', '.next', 'standalone', 'apps', 'web', 'server.js')],
    env: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', HOSTNAME: HOST, PORT: String(webPort) },
  };
  return [...coordinators, web];
}
