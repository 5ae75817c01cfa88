import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readClusterId } from '../uninstall/find-installed.ts';
import { listContainers, removeContainers } from './owned-containers.ts';
import { freePort } from '../start/listen-check.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 20_000;

export type ProductOptions = {
  /** Reuses a data folder of an earlier product; a new one when absent. */
  readonly dataFolder?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
};

/** A whole Cloudless as `npm start` runs it, on a data folder and a port of its own. */
export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataFolder: string;
  /** The one-time code, while the cluster has no owner. */
  claimCode(): Promise<string>;
  /** Process id of one part, as written in its pid file. */
  pid(part: 'coordinator' | 'web' | 'watchdog' | 'agent'): Promise<number>;
  /** What `npm start` printed so far. */
  output(): string;
  /** Ctrl-C: the control plane ends, containers stay. Resolves with the exit code. */
  interrupt(): Promise<number | null>;
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const signal = AbortSignal.timeout(READY_WITHIN_MS);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output()}`);
    if (signal.aborted) throw new Error(`npm start was not ready within ${READY_WITHIN_MS} ms:\n${output()}`);
    const ready = await fetch(`${url}/readyz`, { signal }).then(
      (response) => response.ok,
      () => false,
    );
    const page =
      ready &&
      (await fetch(`${url}/sign-in`, { signal, redirect: 'manual' }).then(
        (response) => response.status < 500,
        () => false,
      ));
    if (page) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Starts the product with the real command. Disposing it stops it and removes its containers and its data. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const port = options.port ?? (await freePort());
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'cloudless-e2e-')));
  const url = `http://localhost:${port}`;
  const chunks: string[] = [];
  const child = spawn(
    'node',
    ['tools/bootstrap.mjs', 'start', '--data', dataFolder, '--port', String(port), '--yes', ...(options.flags ?? [])],
    {
      cwd: REPOSITORY,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const keep = (chunk: Buffer): void => {
    chunks.push(chunk.toString());
    if (chunks.length > 2000) chunks.shift();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const output = (): string => chunks.join('');

  async function interrupt(): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(timer);
    return child.exitCode;
  }

  const product: Product = {
    url,
    port,
    dataFolder,
    claimCode: async () => (await readFile(join(dataFolder, 'coordinator', 'claim-code'), 'utf8')).trim(),
    pid: async (part) => Number.parseInt(await readFile(join(dataFolder, 'run', `${part}.pid`), 'utf8'), 10),
    output,
    interrupt,
    async [Symbol.asyncDispose]() {
      await interrupt();
      const engine = options.env?.['DOCKER_HOST'];
      const cluster = readClusterId(join(dataFolder, 'coordinator'));
      const made = (await listContainers(engine)).filter((container) => container.cluster === cluster);
      await removeContainers(
        made.map((container) => container.id),
        engine,
      );
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
    },
  };
  try {
    await untilReady(url, child, output);
  } catch (error) {
    await product[Symbol.asyncDispose]();
    throw error;
  }
  return product;
}
