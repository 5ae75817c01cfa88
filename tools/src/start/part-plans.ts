import { join } from 'node:path';
import { AGENT_FILE } from '../agent-bundle/build-agent.ts';
import { REPOSITORY } from '../programs/repository.ts';
import type { DataFolder } from './data-folder.ts';
import type { StartOptions } from './options.ts';
import type { PartPlan } from './supervise.ts';

export type PartSurroundings = {
  readonly options: StartOptions;
  readonly folder: DataFolder;
  /** Private loopback port of the dashboard. */
  readonly webPort: number;
  /** `unix:///path`; absent when this machine lends nothing. */
  readonly engineAddress: string | undefined;
};

/** Halves what V8 holds in reserve: 100 MB idle instead of 192, at no measured cost for pages of this size. */
const WEB_HEAP = ['--max-old-space-size=128', '--max-semi-space-size=2'];

/** The young generation is what a burst of messages fills: small, it is what the agent keeps after it. */
const AGENT_HEAP = ['--max-semi-space-size=2', '--v8-pool-size=1'];
/**
 * glibc gives threads heaps of their own, which keep what was freed. Measured after 25 s: an agent has 92 MiB with them and 89 without; a coordinator
 * with an owner 232, and 222 with one heap for its own thread and one for the others.
 */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };
const TWO_ARENAS = { MALLOC_ARENA_MAX: '2' };

/**
 * What its start makes the young generation grow to is what an idle coordinator keeps: measured with an owner and no device, 174 MiB with 4 of them
 * and 235 without a limit. 10,000 placements at once take an eighth longer for it.
 */
const COORDINATOR_HEAP = ['--max-semi-space-size=4'];
/** How a coordinator is started, whoever does it. */
export const COORDINATOR = {
  argv: [...COORDINATOR_HEAP, join(REPOSITORY, 'apps', 'coordinator', 'src', 'main.ts')],
  env: { NODE_ENV: 'production', ...TWO_ARENAS },
} as const;

/** It reads one small file and asks the engine when a lease has lapsed. */
const WATCHDOG_HEAP = ['--max-semi-space-size=1', '--max-old-space-size=32'];

/** Address at which this machine itself reaches the coordinator. */
export function localHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** What is started, in this order, each with the environment that its config.ts reads. */
export function planParts({ options, folder, webPort, engineAddress }: PartSurroundings): readonly PartPlan[] {
  const common = { NODE_ENV: 'production', CLOUDLESS_DATA: folder.root, CLOUDLESS_LOG_LEVEL: options.logLevel };
  const coordinator: PartPlan = {
    name: 'coordinator',
    argv: COORDINATOR.argv,
    env: {
      ...common,
      ...COORDINATOR.env,
      CLOUDLESS_PORT: String(options.port),
      CLOUDLESS_HOST: options.host,
      CLOUDLESS_WEB_URL: `http://127.0.0.1:${webPort}`,
      CLOUDLESS_LOCAL_AGENT: engineAddress === undefined ? '0' : '1',
      CLOUDLESS_PUBLIC_URL: options.publicUrl ?? '',
      CLOUDLESS_AGENT_URL: options.agentUrl ?? '',
      CLOUDLESS_AGENT_FILE: options.agentFile ?? AGENT_FILE,
      CLOUDLESS_TLS_CERT: options.tls?.certFile ?? '',
      CLOUDLESS_TLS_KEY: options.tls?.keyFile ?? '',
    },
  };
  const web: PartPlan = {
    name: 'web',
    argv: [...WEB_HEAP, join(REPOSITORY, 'apps', 'web', '.next', 'standalone', 'apps', 'web', 'server.js')],
    env: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', HOSTNAME: '127.0.0.1', PORT: String(webPort) },
  };
  const lending = { CLOUDLESS_DOCKER_SOCKET: (engineAddress ?? '').replace('unix://', '') };
  // Before the agent, which looks for it, and stopped after it: it ends what holds a lease.
  const watchdog: PartPlan = {
    name: 'watchdog',
    argv: [...WATCHDOG_HEAP, AGENT_FILE, 'watchdog'],
    env: { ...common, ...ONE_ARENA, ...lending },
  };
  const agent: PartPlan = {
    name: 'agent',
    argv: [...AGENT_HEAP, AGENT_FILE, 'run'],
    env: {
      ...common,
      ...ONE_ARENA,
      CLOUDLESS_COORDINATOR_URL: `ws://${localHost(options.host)}:${options.port}/agent`,
      CLOUDLESS_JOIN_TOKEN_FILE: join(folder.agent, 'join-token'),
      ...lending,
    },
  };
  return engineAddress === undefined ? [coordinator, web] : [coordinator, web, watchdog, agent];
}
