import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { dataFolderAt, freePort, planParts, REPOSITORY, type StartOptions } from '@cloudless/tools/product';
import { createProgram, type Program } from './program.ts';
import { until } from './until.ts';

/** What `npm start` would be given; the rest is each part's own. */
export const PART_OPTIONS: Omit<StartOptions, 'dataFolder' | 'host' | 'port'> = {
  publicUrl: undefined,
  agentUrl: undefined,
  agentFile: undefined,
  tls: undefined,
  agent: false,
  service: false,
  yes: true,
  logLevel: 'info',
};

/**
 * Where the coordinator listens. It tells devices 127.0.0.1, where nothing does: they can reach it only over the network that a test gave
 * them. All of 127.0.0.0/8 is this machine on Linux.
 */
const HOST = '127.0.0.2';
const READY_MS = 30_000;

/** The place where the coordinator runs. */
export interface Seat {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Its data folder. */
  readonly root: string;
  readonly coordinator: Program;
  claimCode(): Promise<string>;
  /** @returns ms until it answered that it is ready */
  untilReady(): Promise<number>;
}

export type SeatOptions = {
  /** Of each of the coordinator's lives, from its address. */
  readonly envOf: (url: string) => Readonly<Record<string, string>>;
  /** Each of several has its own, as each has a machine: ports of apps are open at all of them. */
  readonly host?: string;
  /** Root of the sources that run, in place of these. A link that leads elsewhere later is an upgrade. */
  readonly sources?: string;
};

export async function createSeat(root: string, { envOf, host = HOST, sources = REPOSITORY }: SeatOptions): Promise<Seat> {
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const folder = dataFolderAt(root);
  const options = { ...PART_OPTIONS, dataFolder: root, host, port };
  const [plan] = planParts({ options, folder, webPort: 0, engineAddress: undefined });
  if (!plan) throw new Error('no part of the product is a coordinator');
  const argv = plan.argv.map((one) => (one.startsWith(REPOSITORY) ? join(sources, relative(REPOSITORY, one)) : one));
  const coordinator = createProgram({ ...plan, argv, env: { ...plan.env, CLOUDLESS_WEB_URL: '', ...envOf(url) } }, folder);
  return {
    url,
    host,
    port,
    root,
    coordinator,
    claimCode: async () => (await readFile(join(folder.coordinator, 'claim-code'), 'utf8')).trim(),
    untilReady: () =>
      until('the coordinator is ready', READY_MS, () =>
        fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) }).then(
          ({ status }) => (status === 200 ? undefined : `it answers ${status}`),
          (cause: unknown) => `it does not answer: ${String(cause)}\n${coordinator.tail()}`,
        ),
      ),
  };
}
