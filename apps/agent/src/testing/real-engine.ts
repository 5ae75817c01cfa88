import { readFile } from 'node:fs/promises';
import { writeImageArchive } from '@cloudless/images';
import { createRealClock } from '@cloudless/kernel/node';
import { readConfig } from '../config.ts';
import { createDockerRuntime } from '../runtime/docker.ts';
import type { Runtime } from '../runtime/runtime.ts';

export const TEST_IMAGE = 'cloudless/agent-test:1';

export type RealEngine = { readonly runtime: Runtime; readonly platform: string; readonly socketPath: string };

async function readBusybox(): Promise<Uint8Array | undefined> {
  for (const path of ['/bin/busybox', '/usr/bin/busybox']) {
    const found = await readFile(path).catch(() => undefined);
    if (found) return found;
  }
  return undefined;
}

/** The engine of this machine with TEST_IMAGE loaded (a shell and friends, from the machine's own static busybox), or why there is none. */
export async function findRealEngine(): Promise<RealEngine | string> {
  const socketPath = readConfig().dockerSocket;
  const runtime = createDockerRuntime({ socketPath, clock: createRealClock(), platform: process.platform });
  const signal = AbortSignal.timeout(60_000);
  const { engine } = await runtime.probe(signal);
  if (engine.state !== 'ready') return engine.cause.message;
  const busybox = await readBusybox();
  if (!busybox) return 'no static busybox on this machine to make a test image of (apt-get install busybox-static)';
  const { platform } = engine;
  if (!(await runtime.findImage(TEST_IMAGE, signal))) {
    const applets = ['sh', 'sleep', 'nc', 'httpd', 'yes', 'dd', 'id', 'head', 'cat'];
    const files = [
      { name: 'bin', mode: 0o755 },
      { name: 'bin/busybox', mode: 0o755, body: busybox },
      ...applets.map((name) => ({
        name: `bin/${name}`,
        mode: 0o755,
        body: Buffer.from(`#!/bin/busybox sh\nexec /bin/busybox ${name} "$@"\n`),
      })),
    ];
    const sh = files.map((file) => (file.name === 'bin/sh' ? { ...file, body: busybox } : file));
    const archive = await writeImageArchive({
      image: TEST_IMAGE,
      platform,
      files: [...sh, { name: 'tmp', mode: 0o1777 }],
      config: { Env: ['PATH=/bin'] },
    });
    await runtime.load(
      (async function* once() {
        yield archive;
      })(),
      signal,
    );
  }
  return { runtime, platform, socketPath };
}
