import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type NginxPlan = {
  readonly address: string;
  readonly port: number;
  /** With a slash at both ends. */
  readonly prefix: string;
  readonly upstream: string;
  /** What it passes on; everything when absent. Others lose the header, as in configurations that know only WebSockets. */
  readonly upgrades?: 'websocket' | undefined;
  readonly cert: string;
  readonly key: string;
};

/** A reverse proxy as people have one: TLS, a path, upgrades passed on. Its own process, its files in a folder of its own. */
export async function startNginx({ address, port, prefix, upstream, upgrades, cert, key }: NginxPlan): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-nginx-'));
  const config = `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  map $http_upgrade $upgrade { default ${upgrades === undefined ? '$http_upgrade' : "''; websocket websocket"}; }
  map $upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen ${address}:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
    location ${prefix} {
      proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Upgrade $upgrade; proxy_set_header Connection $connection_upgrade; proxy_buffering off;
    }
  }
}`;
  await writeFile(join(folder, 'nginx.conf'), config);
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', (error) => {
    said += error.message;
    ended = true;
  });
  const deadline = AbortSignal.timeout(10_000);
  while (!(await answers(address, port))) {
    if (ended || deadline.aborted) throw new Error(`nginx does not start (apt-get install nginx-light): ${said}`);
    await sleep(50);
  }
  return {
    async [Symbol.asyncDispose]() {
      if (!ended) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
