import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CloudlessError, WELCOME_IMAGE } from '@cloudless/proto';
import { writeImageArchive } from './image-archive.ts';
import type { TarEntry } from './tar-archive.ts';

/** The static binary that serves the page, by the engine's platform. MIT; its licence is in the image. */
const SERVER_PACKAGES: Readonly<Record<string, string>> = { 'linux/amd64': '@esbuild/linux-x64', 'linux/arm64': '@esbuild/linux-arm64' };

/** `nobody` of distroless and Debian alike. */
const USER = '65534:65534';

/** Serves `/www`; the app's arguments come after and fill in what the page shows. */
const ENTRYPOINT = [
  '/esbuild',
  '/www/welcome.ts',
  '--bundle',
  '--minify',
  '--outdir=/www',
  '--servedir=/www',
  '--serve=0.0.0.0:8080',
  '--color=false',
  '--log-limit=0',
];

const PAGE_FILES = ['index.html', 'welcome.css', 'welcome.ts', 'favicon.svg'];

/** Where the page lies: `docker/welcome` of the repository. */
const PAGE_FOLDER = join(import.meta.dirname, '../../../docker/welcome');

async function readServer(platform: string): Promise<Uint8Array> {
  const name = SERVER_PACKAGES[platform];
  if (name === undefined)
    throw new CloudlessError(
      'image_platform_mismatch',
      `The Welcome app cannot be made for ${platform}: there is none but for ${Object.keys(SERVER_PACKAGES).join(' and ')}.`,
    );
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return await readFile(join(dirname(manifest), 'bin/esbuild'));
  } catch (cause) {
    const message = `The Welcome app cannot be made for ${platform}: the package ${name} is not installed beside the coordinator. Run \`npm install --no-save --os=linux --cpu=${name.endsWith('arm64') ? 'arm64' : 'x64'} ${name}\` in the Cloudless folder.`;
    throw new CloudlessError('image_platform_mismatch', message, { cause, params: { package: name } });
  }
}

async function listFiles(platform: string): Promise<readonly TarEntry[]> {
  const page = await Promise.all(
    PAGE_FILES.map(async (name): Promise<TarEntry> => ({
      name: `www/${name}`,
      mode: 0o444,
      body: await readFile(join(PAGE_FOLDER, name)),
    })),
  );
  return [
    { name: 'esbuild', mode: 0o555, body: await readServer(platform) },
    { name: 'licenses', mode: 0o555 },
    { name: 'licenses/esbuild.txt', mode: 0o444, body: await readFile(join(PAGE_FOLDER, 'ESBUILD-LICENSE.txt')) },
    { name: 'www', mode: 0o555 },
    ...page,
  ];
}

const CONFIG = {
  User: USER,
  Entrypoint: ENTRYPOINT,
  WorkingDir: '/www',
  ExposedPorts: { '8080/tcp': {} },
  Labels: { 'org.opencontainers.image.title': 'Cloudless Welcome', 'org.opencontainers.image.licenses': 'Apache-2.0 AND MIT' },
};

/** Whether an image comes from no registry, but from the coordinator. */
export const hasImage = (image: string): boolean => image === WELCOME_IMAGE;

/**
 * An image that comes from no registry, as an archive for an engine: the Welcome app's, put together around one static binary.
 *
 * @param platform `linux/amd64`, …
 * @throws CloudlessError `image_platform_mismatch` when it cannot be made for the platform
 */
export const assembleImage = async (image: string, platform: string): Promise<Uint8Array> =>
  writeImageArchive({ image, platform, files: await listFiles(platform), config: CONFIG });
