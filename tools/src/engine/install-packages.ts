import { runProgram } from '../programs/run-program.ts';
import { CommandRefused } from '../start/refusal.ts';

const APT_ENV = { DEBIAN_FRONTEND: 'noninteractive' };

/**
 * Installs Debian packages, showing what apt does. `policy-rc.d` is left alone: where an init runs it starts the daemon itself.
 *
 * @throws CommandRefused when apt fails
 */
export async function installPackages(names: readonly string[]): Promise<void> {
  const install: readonly [string, ...string[]] = ['apt-get', 'install', '--yes', '--no-install-recommends', '-q', ...names];
  const first = await runProgram(install, { env: APT_ENV, output: 'show' });
  if (first.exitCode === 0) return;
  // A fresh machine has no package lists yet.
  await runProgram(['apt-get', 'update', '-q'], { env: APT_ENV, output: 'show' });
  const second = await runProgram(install, { env: APT_ENV, output: 'show' });
  if (second.exitCode === 0) return;
  throw new CommandRefused({
    problem: `apt-get could not install ${names.join(' ')}`,
    remedy: `run \`sudo apt-get update && sudo apt-get install ${names.join(' ')}\` and read what it says`,
  });
}
