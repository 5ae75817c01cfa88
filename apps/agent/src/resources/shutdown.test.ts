import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isShuttingDown } from './shutdown.ts';

/** A program that answers as systemctl does. */
async function ask(said: string, exitCode: number, platform: NodeJS.Platform = 'linux'): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-systemctl-'));
  try {
    const program = join(folder, 'systemctl');
    await writeFile(program, `#!/bin/sh\n[ "$*" = is-system-running ] || exit 9\necho ${said}\nexit ${exitCode}\n`);
    await chmod(program, 0o755);
    return await isShuttingDown(platform, program);
  } finally {
    await rm(folder, { recursive: true });
  }
}

it.skipIf(process.platform === 'win32')('takes the machine to go down when systemd says so, and at no other word', async () => {
  expect(await ask('stopping', 1)).toBe(true);
  expect(await ask('running', 0)).toBe(false);
  expect(await ask('degraded', 1)).toBe(false);
  expect(await ask('offline', 1)).toBe(false);
});

it('knows nothing where there is no systemd', async () => {
  expect(await isShuttingDown('linux', '/nowhere/systemctl')).toBe(false);
  expect(await isShuttingDown('darwin')).toBe(false);
});
