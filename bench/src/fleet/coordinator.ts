import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@cloudless/sdk';
import { claimByApi, COORDINATOR, createToken } from '@cloudless/tools/product';

const STOP_MS = 10_000;
const PREPARE_MS = 120_000;

export type Client = ReturnType<typeof createClient>;

/** The real coordinator as a process of its own, on an empty data folder, with its first owner; without web and agent. */
export interface Coordinator extends AsyncDisposable {
  /** Of the process that runs now. */
  readonly pid: number;
  readonly url: string;
  /** Where devices dial. */
  readonly agentUrl: string;
  readonly dataFolder: string;
  readonly client: Client;
  /** Ends the process; data and port stay. Resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again on its data and port. Resolves when it listens. */
  start(): Promise<void>;
}

type Running = { readonly child: ChildProcess; readonly port: number };

/** Resolves when it listens. */
async function spawnCoordinator(dataFolder: string, port: number): Promise<Running> {
  const child = spawn(process.execPath, COORDINATOR.argv, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...COORDINATOR.env,
      CLOUDLESS_DATA: dataFolder,
      CLOUDLESS_PORT: String(port),
      CLOUDLESS_LOCAL_AGENT: '0',
      CLOUDLESS_LOG_LEVEL: 'warn',
    },
  });
  try {
    const listening = await readPort(createInterface({ input: child.stdout }));
    // Nobody reads on: a full pipe would hold it up.
    child.stdout.resume();
    return { child, port: listening };
  } catch (cause) {
    await endChild(child, 'SIGTERM');
    throw cause;
  }
}

async function endChild(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

export async function startCoordinator(): Promise<Coordinator> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'cloudless-bench-'));
  let running: Running | undefined;
  async function stop(): Promise<void> {
    if (running) await endChild(running.child, 'SIGTERM');
    await rm(dataFolder, { recursive: true, force: true });
  }
  try {
    running = await spawnCoordinator(dataFolder, 0);
    const { port } = running;
    const url = `http://localhost:${port}`;
    const owner = { url, claimCode: async () => (await readFile(join(dataFolder, 'coordinator', 'claim-code'), 'utf8')).trim() };
    const client = createClient({ url, token: await createToken(owner, await claimByApi(owner), 'write') });
    await untilPrepared(client, dataFolder);
    return {
      get pid() {
        return running?.child.pid ?? 0;
      },
      url,
      agentUrl: `ws://127.0.0.1:${port}/agent`,
      dataFolder,
      client,
      async end(signal) {
        if (running) await endChild(running.child, signal);
      },
      async start() {
        running = await spawnCoordinator(dataFolder, port);
      },
      async [Symbol.asyncDispose]() {
        await client.close();
        await stop();
      },
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** The first offer makes the coordinator compress Node.js for devices of its own kind, once: not what is measured here. */
async function untilPrepared(client: Client, dataFolder: string): Promise<void> {
  await client.node.createJoinToken({});
  const giveUpAt = performance.now() + PREPARE_MS;
  while (performance.now() < giveUpAt) {
    const files = await readdir(join(dataFolder, 'coordinator', 'files')).catch(() => []);
    if (files.some((name) => name.endsWith('.gz'))) return;
    await pause(100);
  }
  throw new Error(`Node.js was not compressed within ${PREPARE_MS} ms`);
}

async function readPort(lines: AsyncIterable<string>): Promise<number> {
  for await (const line of lines) {
    const said = JSON.parse(line) as { readonly op?: string; readonly port?: number };
    if (said.op === 'coordinator.ready' && said.port !== undefined) return said.port;
  }
  throw new Error('the coordinator ended before it was ready');
}
