import { request } from 'node:http';

/** What one address answered. `absent`: nothing there. `stopped`: a socket is there, nobody behind it. */
export type EngineAnswer =
  | { readonly kind: 'answers'; readonly version: string; readonly platform: string; readonly osType: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'no-permission' }
  | { readonly kind: 'silent'; readonly afterMs: number }
  | { readonly kind: 'unsupported'; readonly scheme: string }
  | { readonly kind: 'failed'; readonly reason: string };

const PROBE_MS = 3000;
const ANSWER_LIMIT = 64 * 1024;

/** The agent speaks to Unix sockets only: a TCP address without TLS is root for whoever reaches it. */
function target(address: string): { socketPath: string } | undefined {
  return address.startsWith('unix://') ? { socketPath: address.slice('unix://'.length) } : undefined;
}

/** Asks the engine at `address` for its version. */
export function probeEngine(address: string): Promise<EngineAnswer> {
  const to = target(address);
  if (to === undefined) return Promise.resolve({ kind: 'unsupported', scheme: address.split(':')[0] ?? address });
  const { promise, resolve } = Promise.withResolvers<EngineAnswer>();
  const signal = AbortSignal.timeout(PROBE_MS);
  const asked = request({ ...to, path: '/version', signal }, (response) => {
    let body = '';
    response.on('data', (chunk: Buffer) => (body = (body + chunk.toString()).slice(0, ANSWER_LIMIT)));
    response.on('end', () => resolve(readVersion(response.statusCode ?? 0, body)));
    response.on('error', (error) => resolve({ kind: 'failed', reason: error.message }));
  });
  asked.on('error', (error) =>
    resolve(signal.aborted ? { kind: 'silent', afterMs: PROBE_MS } : readFailure('code' in error ? String(error.code) : error.message)),
  );
  asked.end();
  return promise;
}

export function readFailure(code: string): EngineAnswer {
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
  if (code === 'ECONNREFUSED') return { kind: 'stopped' };
  if (code === 'EACCES' || code === 'EPERM') return { kind: 'no-permission' };
  return { kind: 'failed', reason: code };
}

export function readVersion(status: number, body: string): EngineAnswer {
  try {
    const answer: unknown = JSON.parse(body);
    if (status === 200 && typeof answer === 'object' && answer !== null && 'Version' in answer && 'Os' in answer && 'Arch' in answer) {
      return {
        kind: 'answers',
        version: String(answer.Version),
        platform: `${String(answer.Os)}/${String(answer.Arch)}`,
        osType: String(answer.Os),
      };
    }
  } catch {
    // Not JSON: no container engine; said below.
  }
  return { kind: 'failed', reason: `HTTP ${status}, which is no answer of a container engine` };
}
