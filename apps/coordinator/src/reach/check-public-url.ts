import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';

const DEADLINE_MS = 8_000;
const MAX_ANSWER_BYTES = 4096;

export type PublicCheck =
  /** `pin` when no public authority vouches for the certificate there. */
  | { readonly state: 'passed'; readonly pin: string | undefined; readonly message: string }
  | { readonly state: 'failed'; readonly message: string };

type Answer = { readonly status: number; readonly body: string; readonly trusted: boolean; readonly pin: string | undefined };

function ask(url: URL, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
      rejectUnauthorized: false,
      agent: false as const,
    };
    const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.once('error', reject);
    request.once('response', (response) => {
      const { socket } = response;
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const key = certificate?.publicKey.export({ type: 'spki', format: 'der' });
      const pin = key && createHash('sha256').update(key).digest('base64');
      const trusted = socket instanceof TLSSocket && socket.authorized;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < MAX_ANSWER_BYTES) body += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body, trusted, pin }));
      response.once('error', reject);
    });
    request.end();
  });
}

/** Whether the URL leads to this very coordinator: what answers there must know `mark`, which only this process does. */
export async function checkPublicUrl(url: string, mark: string, signal: AbortSignal): Promise<PublicCheck> {
  try {
    const { status, body, trusted, pin } = await ask(new URL(`${url}/install/mark`), signal);
    if (body.trim() !== mark) {
      const answer = status === 200 ? 'something else answers there' : `it answered with status ${status}`;
      return { state: 'failed', message: `${url} does not lead to this coordinator: ${answer}. Check the proxy or tunnel before it.` };
    }
    if (url.startsWith('http:'))
      return { state: 'failed', message: `${url} is not encrypted: give the proxy a certificate and use https.` };
    return {
      state: 'passed',
      pin: trusted ? undefined : pin,
      message: trusted
        ? `${url} leads here.`
        : `${url} leads here, with a certificate that no public authority vouches for: commands pin its key.`,
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { state: 'failed', message: `${url} does not answer from here: ${why}. Check its name, the proxy or tunnel, and the firewall.` };
  }
}
