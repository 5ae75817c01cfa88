import { isAbsolute } from 'node:path';
import { secret, type Secret } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { z } from 'zod';
import { isCrashPointName } from './crash-points.ts';
import type { PortRange } from './gateway/gateway-ports.ts';

export type CoordinatorConfig = {
  /** The data folder; the coordinator keeps its own below `coordinator/`. */
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  /** Where people reach it when that is not this machine: behind a proxy, a tunnel or another name. */
  readonly publicUrl: URL | undefined;
  /** Where agents reach it when that is neither this machine nor `publicUrl`: a proxy, maybe below a path. */
  readonly agentUrl: URL | undefined;
  /** The single-file agent that devices install; absent in a development tree. */
  readonly agentFile: string | undefined;
  /** PEM files of a certificate of one's own; else the cluster's web CA issues one off loopback. */
  readonly tls: { readonly certPath: string; readonly keyPath: string } | undefined;
  /** The dashboard's private address; absent when there is none. */
  readonly webUrl: URL | undefined;
  /** An rqlite cluster that keeps the durable state; else SQLite in the data folder does. */
  readonly store: StoreConfig | undefined;
  /** Where other coordinators on that store reach this one. */
  readonly coordinatorUrl: URL | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly appPorts: PortRange;
  /** Whether this machine lends itself: a join token is left for its agent. */
  readonly localAgent: boolean;
  /** Faults for tests; all off unless CLOUDLESS_TEST_FAULTS=1. */
  readonly faults: { readonly crashAt: string | undefined; readonly fsyncDelayMs: number };
};

export type StoreConfig = {
  /** Origins of its nodes. */
  readonly urls: readonly string[];
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** Instead of `password`. */
  readonly passwordPath: string | undefined;
  /** PEM files: whom to trust, and who we are. */
  readonly caPath: string | undefined;
  readonly certPath: string | undefined;
  readonly keyPath: string | undefined;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const portNumber = (text: string): number | undefined => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
};

function parsed<T>(parse: (text: string) => T | undefined, message: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `${message}; it is ${JSON.stringify(text)}` });
    return z.NEVER;
  });
}

const httpUrl = (text: string): URL | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return url && bare && /^https?:$/.test(url.protocol) ? url : undefined;
};

/** A path is kept: a proxy may serve agents below one. */
function agentUrlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '' ? url : undefined;
}

/** Never repeats what it was given: a password may stand in it. */
const storeUrls = z.string().transform((text, context): readonly string[] => {
  const urls = text.split(',').map((part) => httpUrl(part.trim()));
  const origins = urls.flatMap((found) => (found ? [found.origin] : []));
  if (origins.length === urls.length && new Set(origins.map((origin) => URL.parse(origin)?.protocol)).size === 1) return origins;
  const message =
    'must be one or more http:// addresses of rqlite nodes (or https://, all alike), with commas between, without path, user or password: those belong in CLOUDLESS_STORE_USER and CLOUDLESS_STORE_PASSWORD_FILE';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

function portRange(text: string): PortRange | undefined {
  const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const range = { from: Number(from), to: Number(to) };
  return range.from > 0 && range.from <= range.to && range.to <= 65_535 ? range : undefined;
}

const absolutePath = (text: string): string | undefined => (isAbsolute(text) ? text : undefined);
const flag = parsed((text) => (text === '1' ? true : text === '0' ? false : undefined), 'must be 1 or 0');
const path = parsed(absolutePath, 'must be an absolute path');
const url = parsed(httpUrl, 'must be an http:// or https:// address without a path, for example https://home.example.org');
const host = parsed((text) => (/^[A-Za-z0-9.:-]+$/.test(text) ? text : undefined), 'must be an IP address or a host name');

const environmentSchema = z.object({
  CLOUDLESS_DATA: path,
  CLOUDLESS_PORT: parsed(portNumber, 'must be a port from 0 to 65535').default(7600),
  CLOUDLESS_HOST: host.default('127.0.0.1'),
  CLOUDLESS_PUBLIC_URL: url.optional(),
  CLOUDLESS_AGENT_URL: parsed(
    agentUrlOf,
    'must be an http:// or https:// address, for example https://home.example.org/cloudless',
  ).optional(),
  CLOUDLESS_AGENT_FILE: path.optional(),
  CLOUDLESS_TLS_CERT: path.optional(),
  CLOUDLESS_TLS_KEY: path.optional(),
  CLOUDLESS_WEB_URL: url.optional(),
  CLOUDLESS_STORE_URL: storeUrls.optional(),
  CLOUDLESS_COORDINATOR_URL: url.optional(),
  CLOUDLESS_STORE_USER: z.string().optional(),
  CLOUDLESS_STORE_PASSWORD: z.string().optional(),
  CLOUDLESS_STORE_PASSWORD_FILE: path.optional(),
  CLOUDLESS_STORE_CA: path.optional(),
  CLOUDLESS_STORE_CERT: path.optional(),
  CLOUDLESS_STORE_KEY: path.optional(),
  CLOUDLESS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent').default('info'),
  CLOUDLESS_APP_PORTS: parsed(portRange, 'must be two ports, low-high, for example 7700-7999').default({ from: 7700, to: 7999 }),
  CLOUDLESS_LOCAL_AGENT: flag.default(true),
  CLOUDLESS_TEST_FAULTS: flag.default(false),
  CLOUDLESS_CRASH_AT: z.string().refine(isCrashPointName, 'is not a crash point').optional(),
  CLOUDLESS_FSYNC_DELAY_MS: parsed(portNumber, 'must be milliseconds').default(0),
});

/** Names of the variables that are read; others are ignored. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(environmentSchema.shape);

type Parsed = z.output<typeof environmentSchema>;

function* storeMistakes(env: Parsed): Generator<string> {
  const { CLOUDLESS_STORE_URL: urls, CLOUDLESS_STORE_USER: user } = env;
  const passwords = [env.CLOUDLESS_STORE_PASSWORD, env.CLOUDLESS_STORE_PASSWORD_FILE].filter((given) => given !== undefined);
  const others = [user, ...passwords, env.CLOUDLESS_STORE_CA, env.CLOUDLESS_STORE_CERT, env.CLOUDLESS_STORE_KEY];
  if (urls === undefined && others.some((given) => given !== undefined))
    yield 'CLOUDLESS_STORE_URL is not set, and other CLOUDLESS_STORE_… variables are: set it, or none of them';
  if (urls === undefined && env.CLOUDLESS_COORDINATOR_URL !== undefined)
    yield 'CLOUDLESS_COORDINATOR_URL is set, and CLOUDLESS_STORE_URL is not: only coordinators that share a store meet each other';
  if (passwords.length > 1) yield 'CLOUDLESS_STORE_PASSWORD and CLOUDLESS_STORE_PASSWORD_FILE are both set: keep one';
  if ((user === undefined) !== (passwords.length === 0))
    yield 'CLOUDLESS_STORE_USER and CLOUDLESS_STORE_PASSWORD_FILE (or CLOUDLESS_STORE_PASSWORD) belong together: set both or neither';
  if ((env.CLOUDLESS_STORE_CERT === undefined) !== (env.CLOUDLESS_STORE_KEY === undefined))
    yield 'CLOUDLESS_STORE_CERT and CLOUDLESS_STORE_KEY belong together: set both or neither';
  const hasTls = env.CLOUDLESS_STORE_CA !== undefined || env.CLOUDLESS_STORE_CERT !== undefined;
  if (hasTls && urls?.some((origin) => origin.startsWith('http:')))
    yield 'CLOUDLESS_STORE_CA and CLOUDLESS_STORE_CERT mean nothing for http:// addresses: make those of CLOUDLESS_STORE_URL https://';
}

/** Rules over two variables. */
function* mistakesBetween(env: Parsed): Generator<string> {
  yield* storeMistakes(env);
  if ((env.CLOUDLESS_TLS_CERT === undefined) !== (env.CLOUDLESS_TLS_KEY === undefined)) {
    yield 'CLOUDLESS_TLS_CERT and CLOUDLESS_TLS_KEY belong together: set both or neither';
  }
  const { from, to } = env.CLOUDLESS_APP_PORTS;
  if (env.CLOUDLESS_PORT >= from && env.CLOUDLESS_PORT <= to) {
    yield `CLOUDLESS_PORT ${env.CLOUDLESS_PORT} lies in CLOUDLESS_APP_PORTS ${from}-${to}: choose another`;
  }
}

function storeOf(env: Parsed): StoreConfig | undefined {
  if (env.CLOUDLESS_STORE_URL === undefined) return undefined;
  return {
    urls: env.CLOUDLESS_STORE_URL,
    username: env.CLOUDLESS_STORE_USER,
    password: env.CLOUDLESS_STORE_PASSWORD === undefined ? undefined : secret(env.CLOUDLESS_STORE_PASSWORD),
    passwordPath: env.CLOUDLESS_STORE_PASSWORD_FILE,
    caPath: env.CLOUDLESS_STORE_CA,
    certPath: env.CLOUDLESS_STORE_CERT,
    keyPath: env.CLOUDLESS_STORE_KEY,
  };
}

const refuse = (mistakes: readonly string[]): CloudlessError => new CloudlessError('config_invalid', mistakes.join('\n'));

/**
 * The configuration from environment variables.
 *
 * @throws CloudlessError `config_invalid`, whose message has one line for each mistake
 */
export function parseConfig(environment: Environment): CoordinatorConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([name, value]) => name.startsWith('CLOUDLESS_') && value !== ''));
  const result = environmentSchema.safeParse(set);
  if (!result.success) {
    throw refuse(
      result.error.issues.map(
        (issue) => `${issue.path.join('.')} ${set[String(issue.path[0])] === undefined ? 'is not set' : issue.message}`,
      ),
    );
  }
  const env = result.data;
  const mistakes = [...mistakesBetween(env)];
  if (mistakes.length > 0) throw refuse(mistakes);
  return {
    dataFolder: env.CLOUDLESS_DATA,
    host: env.CLOUDLESS_HOST,
    port: env.CLOUDLESS_PORT,
    publicUrl: env.CLOUDLESS_PUBLIC_URL,
    agentUrl: env.CLOUDLESS_AGENT_URL,
    agentFile: env.CLOUDLESS_AGENT_FILE,
    tls:
      env.CLOUDLESS_TLS_CERT !== undefined && env.CLOUDLESS_TLS_KEY !== undefined
        ? { certPath: env.CLOUDLESS_TLS_CERT, keyPath: env.CLOUDLESS_TLS_KEY }
        : undefined,
    webUrl: env.CLOUDLESS_WEB_URL,
    store: storeOf(env),
    coordinatorUrl: env.CLOUDLESS_COORDINATOR_URL,
    logLevel: env.CLOUDLESS_LOG_LEVEL,
    appPorts: env.CLOUDLESS_APP_PORTS,
    localAgent: env.CLOUDLESS_LOCAL_AGENT,
    faults: env.CLOUDLESS_TEST_FAULTS
      ? { crashAt: env.CLOUDLESS_CRASH_AT, fsyncDelayMs: env.CLOUDLESS_FSYNC_DELAY_MS }
      : { crashAt: undefined, fsyncDelayMs: 0 },
  };
}

/** The configuration of this process; what is given wins over its environment. */
export const readConfig = (given: Environment = {}): CoordinatorConfig => parseConfig({ ...process.env, ...given });
