import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
};

/** One request whose every header the test decides, the `Host` too. */
export function ask(url: string, options: RequestOptions & { readonly body?: string } = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = url.startsWith('https:') ? secureRequest(url, { rejectUnauthorized: false, ...options }) : request(url, options);
  outgoing.once('error', reject);
  outgoing.once('response', (response) => {
    let text = '';
    response.on('data', (chunk) => (text += String(chunk)));
    response.once('error', reject);
    response.once('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: () => JSON.parse(text) as Record<string, unknown>,
      }),
    );
  });
  outgoing.end(options.body);
  return promise;
}

/** Sends bytes as they are, and resolves with all that came until the other end closed. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined);
  socket.on('close', () => resolve(text));
  return promise;
}
