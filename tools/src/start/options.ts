import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseHost, parsePort, parseAgentUrl, parsePublicUrl } from './option-values.ts';
import type { Refusal } from './refusal.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What `npm start` was asked for. A flag wins over its variable. */
export type StartOptions = {
  readonly dataFolder: string;
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | undefined;
  readonly agentUrl: string | undefined;
  /** Another agent for devices than the one of these sources. */
  readonly agentFile: string | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly agent: boolean;
  /** Hand it to the machine's service manager in place of running here. */
  readonly service: boolean;
  readonly yes: boolean;
  readonly logLevel: LogLevel;
};

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: StartOptions }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

/** What each means stands in `tools/help.mjs`. */
export const FLAGS = {
  data: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'public-url': { type: 'string' },
  'agent-url': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'no-agent': { type: 'boolean' },
  service: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  'log-level': { type: 'string' },
} as const;

const isLevel = (text: string): text is LogLevel => LOG_LEVELS.some((level) => level === text);
const isOn = (text: string | undefined): boolean => text !== undefined && !['', '0', 'false', 'no'].includes(text.toLowerCase());

/**
 * Reads flags and environment.
 *
 * @param defaultData the data folder when none is named, absolute
 * @param cwd what a relative path starts from
 */
export function parseStartOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  defaultData: string,
  cwd: string,
): ParsedOptions {
  let flags: ReturnType<typeof parseFlags>;
  try {
    flags = parseFlags(argv);
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    return { kind: 'refused', refusals: [{ problem: sentence.trim(), remedy: 'run `npm start -- --help` for the flags' }] };
  }
  const text = (flag: 'data' | 'port' | 'host' | 'public-url' | 'agent-url' | 'tls-cert' | 'tls-key' | 'log-level'): string | undefined =>
    flags[flag] ?? (env[`CLOUDLESS_${flag.replaceAll('-', '_').toUpperCase()}`] || undefined);
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(cwd, path));

  const refusals: Refusal[] = [];
  const take = <T>(parsed: { readonly value: T } | Refusal, otherwise: T): T => {
    if ('value' in parsed) return parsed.value;
    refusals.push(parsed);
    return otherwise;
  };
  const port = take(parsePort(text('port') ?? '7600', env['CLOUDLESS_APP_PORTS']), 7600);
  const host = take(parseHost(text('host') ?? '127.0.0.1'), '127.0.0.1');
  const url = text('public-url');
  const publicUrl = url === undefined ? undefined : take(parsePublicUrl(url), '');
  const agents = text('agent-url');
  const agentUrl = agents === undefined ? undefined : take(parseAgentUrl(agents), '');
  const [certFile, keyFile] = [text('tls-cert'), text('tls-key')];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const missing = certFile === undefined ? '--tls-cert' : '--tls-key';
    refusals.push({ problem: `${missing} is missing: certificate and key come together`, remedy: `add ${missing} <file>` });
  }
  const level = text('log-level') ?? 'info';
  if (!isLevel(level)) refusals.push({ problem: `--log-level ${level} is not a level`, remedy: `use one of ${LOG_LEVELS.join(', ')}` });
  if (refusals.length > 0) return { kind: 'refused', refusals };
  return {
    kind: 'options',
    options: {
      dataFolder: at(text('data') ?? defaultData),
      port,
      host,
      publicUrl,
      agentUrl,
      agentFile: env['CLOUDLESS_AGENT_FILE'] || undefined,
      tls: certFile !== undefined && keyFile !== undefined ? { certFile: at(certFile), keyFile: at(keyFile) } : undefined,
      agent: !flags['no-agent'],
      service: flags.service === true,
      yes: flags.yes === true || isOn(env['CI']),
      logLevel: isLevel(level) ? level : 'info',
    },
  };
}

function parseFlags(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: FLAGS, strict: true, allowPositionals: false }).values;
}
