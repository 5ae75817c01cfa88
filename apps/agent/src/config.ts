import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { CloudlessError } from '@cloudless/proto';
import { z } from 'zod';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** A Unix socket from `DOCKER_HOST`; another scheme is not served. */
const socketFromDockerHost = (value: string | undefined): string | undefined =>
  value?.startsWith('unix://') ? value.slice('unix://'.length) : undefined;

const environmentSchema = z.object({
  CLOUDLESS_DATA: z.string().min(1).default(join(homedir(), '.local/share/cloudless')),
  /** Absent: the addresses that the join brought. */
  CLOUDLESS_COORDINATOR_URL: z.url({ protocol: /^wss?$/, error: 'is not a ws:// or wss:// address' }).optional(),
  CLOUDLESS_JOIN_TOKEN_FILE: z.string().min(1).optional(),
  CLOUDLESS_DOCKER_SOCKET: z.string().min(1).optional(),
  CLOUDLESS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Where the installer put the agent's file; absent in a source tree. */
  CLOUDLESS_AGENT_HOME: z.string().min(1).optional(),
  CLOUDLESS_AGENT_LINK: z.string().min(1).optional(),
  CLOUDLESS_LOG_FILE: z.string().min(1).optional(),
  CLOUDLESS_MACHINE_ID_FILE: z.string().min(1).optional(),
  CLOUDLESS_STATUS_PORT: z.coerce.number().int().min(0).max(65_535).default(7610),
  CLOUDLESS_NODE_NAME: z.string().min(1).max(63).optional(),
});

/** What the agent must know that a service's environment does not say. */
const KEPT = [
  'CLOUDLESS_DOCKER_SOCKET',
  'DOCKER_HOST',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'CLOUDLESS_MACHINE_ID_FILE',
  'CLOUDLESS_STATUS_PORT',
  'CLOUDLESS_NODE_NAME',
] as const;

export type AgentConfig = {
  /** Owner-only folder of this agent: `<CLOUDLESS_DATA>/agent`. */
  readonly folder: string;
  /** Tried besides those that the join brought. */
  readonly coordinatorUrls: readonly string[];
  /** Where the installer put the agent's file; absent in a source tree, which does not update itself. */
  readonly home: string | undefined;
  /** `cloudless-agent` on the path of people; absent in a source tree. */
  readonly link: string | undefined;
  readonly machineIdFile: string | undefined;
  /** Where the agent's own output goes when no service keeps it. */
  readonly logFile: string | undefined;
  /** Of the device's own page. */
  readonly statusPort: number;
  /** For `cloudless-agent` on this machine. */
  readonly controlSocket: string;
  readonly joinTokenFile: string;
  readonly dockerSocket: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly nodeName: string;
  readonly platform: NodeJS.Platform;
  /** The environment as it is: what runs on in the background keeps it. */
  readonly shell: Readonly<Record<string, string | undefined>>;
  /** Of it, what a service has to be told. */
  readonly kept: Readonly<Record<string, string>>;
};

/** A host name as a device's name: what the schema of names refuses is left out. */
const toNodeName = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N} ._'()-]/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 63) || 'device';

/**
 * @throws CloudlessError config_invalid, naming each variable that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): AgentConfig {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
    throw new CloudlessError('config_invalid', `The agent cannot start: ${wrong}.`);
  }
  const { data } = parsed;
  const folder = join(data.CLOUDLESS_DATA, 'agent');
  return {
    folder,
    coordinatorUrls: data.CLOUDLESS_COORDINATOR_URL === undefined ? [] : [data.CLOUDLESS_COORDINATOR_URL],
    home: data.CLOUDLESS_AGENT_HOME,
    link: data.CLOUDLESS_AGENT_LINK,
    logFile: data.CLOUDLESS_LOG_FILE,
    machineIdFile: data.CLOUDLESS_MACHINE_ID_FILE,
    statusPort: data.CLOUDLESS_STATUS_PORT,
    controlSocket: join(folder, 'control.sock'),
    joinTokenFile: data.CLOUDLESS_JOIN_TOKEN_FILE ?? join(folder, 'join-token'),
    dockerSocket: data.CLOUDLESS_DOCKER_SOCKET ?? socketFromDockerHost(environment['DOCKER_HOST']) ?? DEFAULT_SOCKET,
    logLevel: data.CLOUDLESS_LOG_LEVEL,
    nodeName: toNodeName(data.CLOUDLESS_NODE_NAME ?? hostname().split('.')[0] ?? ''),
    platform: process.platform,
    shell: environment,
    kept: Object.fromEntries(KEPT.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]))),
  };
}
