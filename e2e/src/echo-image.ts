import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { importImage } from '@cloudless/tools/product';

const run = promisify(execFile);

/** A web server that answers with the environment of its request, the Cookie header included. */
export const ECHO_SPEC = {
  image: 'cloudless-test/echo:1',
  command: ['/bin/busybox', 'httpd', '-f', '-vv', '-p', '8080', '-h', '/www'],
  ports: [{ name: 'http', containerPort: 8080 }],
  terminationGraceMs: 1000,
} as const;

/** Loads an image of one static busybox into the engine, for the platform named. */
export async function importEcho(image: string, platform = 'linux/amd64'): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-echo-'));
  try {
    const root = join(folder, 'root');
    await mkdir(join(root, 'bin'), { recursive: true });
    await mkdir(join(root, 'www', 'cgi-bin'), { recursive: true });
    await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
    const script = join(root, 'www', 'cgi-bin', 'echo');
    await writeFile(script, '#!/bin/busybox sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\n/bin/busybox env\n');
    await chmod(script, 0o755);
    const archive = join(folder, 'root.tar');
    await run('tar', ['-C', root, '-cf', archive, '.']);
    await importImage(archive, image, platform);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
