import { CloudlessError, type ErrorCode } from '@cloudless/proto';

/** What an engine's refusal looks like; dockerode throws it as an Error with `statusCode` and `json`. */
export type EngineFault = { readonly status: number | undefined; readonly code: string | undefined; readonly text: string };

const MAX_ENGINE_TEXT = 1000;
/** Put by dockerode before what the engine said: it tells people nothing. */
const CLIENT_PREFIX = /^\(HTTP code \d{3}\) [a-z ]+ - (?=\S)/;

export function readFault(cause: unknown): EngineFault {
  if (!(cause instanceof Error)) return { status: undefined, code: undefined, text: String(cause) };
  const status = 'statusCode' in cause && typeof cause.statusCode === 'number' ? cause.statusCode : undefined;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const json = 'json' in cause ? (cause.json as unknown) : undefined;
  const said =
    typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string' ? json.message : cause.message;
  return { status, code, text: said.trim().replace(CLIENT_PREFIX, '').slice(0, MAX_ENGINE_TEXT) };
}

const SOCKET_CODES = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'EPERM', 'ETIMEDOUT', 'ECONNABORTED']);

/** Texts of engines and registries. They carry no codes for these, so their words are all there is; each pattern is tested. */
const PULL_PATTERNS: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /no matching manifest|does not match the specified platform|image operating system .* cannot be used|no match for platform/i,
    'image_platform_mismatch',
  ],
  [
    /pull access denied|repository does not exist|manifest unknown|manifest for .* not found|not found: manifest|name unknown|unauthorized|access to the resource is denied|forbidden|name invalid/i,
    'image_not_found',
  ],
  [
    /no such host|dial tcp|i\/o timeout|connection refused|network is unreachable|TLS handshake|Client\.Timeout|server misbehaving|EOF|toomanyrequests|certificate|x509|http: server gave|connection reset|5\d\d /i,
    'registry_unreachable',
  ],
];

const PORT_TAKEN =
  /port is already allocated|address already in use|bind: permission denied|failed to bind .*port|ports are not available/i;

/** Names the failure of `what` (`starting the container …`) by its code. An abort stays what it is. */
export function engineError(what: string, cause: unknown, signal?: AbortSignal): unknown {
  if (cause instanceof CloudlessError) return cause;
  if (signal?.aborted) return signal.reason;
  const { status, code, text } = readFault(cause);
  if (status === undefined && (SOCKET_CODES.has(code ?? '') || /socket hang up|aborted/i.test(text))) {
    return new CloudlessError('engine_unavailable', `The container engine did not answer when ${what}: ${text}`, { cause });
  }
  if (status === 404) return new CloudlessError('not_found', `The engine knows nothing of it when ${what}: ${text}`, { cause });
  const params = { said: text.slice(0, 500) };
  if (PORT_TAKEN.test(text))
    return new CloudlessError('port_taken', `The engine could not take the port when ${what}: ${text}`, { cause, params });
  return new CloudlessError('container_refused', `The engine refused when ${what}: ${text}`, { cause, params });
}

/** Names the failure of a pull: registries' answers come through the engine as text. */
export function pullError(image: string, cause: unknown, signal?: AbortSignal): unknown {
  if (cause instanceof CloudlessError) return cause;
  if (signal?.aborted) return signal.reason;
  const fault = readFault(cause);
  if (fault.status === undefined && SOCKET_CODES.has(fault.code ?? '')) return engineError(`fetching ${image}`, cause);
  const [, code] = PULL_PATTERNS.find(([pattern]) => pattern.test(fault.text)) ?? [
    undefined,
    fault.status === 404 ? 'image_not_found' : 'registry_unreachable',
  ];
  const said = { params: { image, said: fault.text.slice(0, 500) }, cause };
  switch (code) {
    case 'image_platform_mismatch':
      return new CloudlessError(code, `${image} exists, but not for this device's platform. The registry said: ${fault.text}`, said);
    case 'image_not_found':
      return new CloudlessError(
        code,
        `${image} was not found, or may not be read without signing in. The registry said: ${fault.text}`,
        said,
      );
    default:
      return new CloudlessError(
        'registry_unreachable',
        `The registry of ${image} could not be reached from this device: ${fault.text}`,
        said,
      );
  }
}
