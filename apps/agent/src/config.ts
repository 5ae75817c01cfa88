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
  CLOUDLESS_COORDINATOR_URL: z.url({ protocol: /^wss?$/, error: 'is not a ws:// or wss:// address' }).default('ws://127.0.0.1:7600/agent'),
  CLOUDLESS_JOIN_TOKEN_FILE: z.string().min(1).optional(),
  CLOUDLESS_DOCKER_SOCKET: z.string().min(1).optional(),
  CLOUDLESS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  CLOUDLESS_NODE_NAME: z.string().min(1).max(63).optional(),
});

export type AgentConfig = {
  /** Owner-only folder of this agent: `<CLOUDLESS_DATA>/agent`. */
  readonly folder: string;
  readonly coordinatorUrl: string;
  readonly joinTokenFile: string;
  readonly dockerSocket: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly nodeName: string;
  readonly platform: NodeJS.Platform;
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
    coordinatorUrl: data.CLOUDLESS_COORDINATOR_URL,
    joinTokenFile: data.CLOUDLESS_JOIN_TOKEN_FILE ?? join(folder, 'join-token'),
    dockerSocket: data.CLOUDLESS_DOCKER_SOCKET ?? socketFromDockerHost(environment['DOCKER_HOST']) ?? DEFAULT_SOCKET,
    logLevel: data.CLOUDLESS_LOG_LEVEL,
    nodeName: toNodeName(data.CLOUDLESS_NODE_NAME ?? hostname().split('.')[0] ?? ''),
    platform: process.platform,
  };
}
