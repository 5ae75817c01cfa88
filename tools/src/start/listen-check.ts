import { createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import type { StartOptions } from './options.ts';
import type { Refusal } from './refusal.ts';
import { portAfter } from './option-values.ts';

/**
 * Listens once and lets go: whether the port can be had, and if not, why.
 * @param flag which chooses the port
 */
export async function checkPort(host: string, port: number, flag = '--port'): Promise<Refusal | undefined> {
  const { promise, resolve } = Promise.withResolvers<Refusal | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve(explainListen(host, port, 'code' in error ? String(error.code) : error.message, flag)));
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  return promise;
}

/** A free loopback port. It is let go before its user takes it, so another program may be quicker: that user starts again. */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen({ host: '127.0.0.1', port: 0 }, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

export function explainListen(host: string, port: number, code: string, flag = '--port'): Refusal {
  if (code === 'EADDRINUSE')
    return {
      problem: `port ${port} is taken on ${host}`,
      remedy: `stop what listens there, or choose another with ${flag} ${portAfter(port)}`,
    };
  if (code === 'EACCES')
    return { problem: `port ${port} needs more rights than this user has`, remedy: `choose a port from 1024 up with ${flag}` };
  if (code === 'EADDRNOTAVAIL')
    return { problem: `${host} is not an address of this machine`, remedy: 'use --host 0.0.0.0, or an address that this machine has' };
  return { problem: `cannot listen on ${host} port ${port} (${code})`, remedy: `choose another with --host or ${flag}` };
}

/** Certificate and key must at least be readable PEM before anything is started. */
export function checkTlsFiles(tls: StartOptions['tls']): readonly Refusal[] {
  if (tls === undefined) return [];
  const check = (flag: string, path: string, label: RegExp): readonly Refusal[] => {
    try {
      if (label.test(readFileSync(path, 'utf8'))) return [];
      return [
        {
          problem: `${flag} ${path} holds no ${flag === '--tls-key' ? 'private key' : 'certificate'} in PEM form`,
          remedy: 'name the right file',
        },
      ];
    } catch (error) {
      return [
        {
          problem: `${flag} ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
          remedy: 'correct the path or its permissions',
        },
      ];
    }
  };
  return [
    ...check('--tls-cert', tls.certFile, /-----BEGIN CERTIFICATE-----/),
    ...check('--tls-key', tls.keyFile, /-----BEGIN (\w+ )?PRIVATE KEY-----/),
  ];
}
