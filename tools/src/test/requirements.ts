import { chooseEngine } from '../engine/choose-engine.ts';
import { installPackages } from '../engine/install-packages.ts';
import { findProgram, probeEngines, readMachineFacts } from '../engine/machine-facts.ts';
import { startOwnEngine, type OwnEngine } from '../engine/own-engine.ts';
import { CommandRefused } from '../start/refusal.ts';

/** Programs that the journeys need and the Debian package of each. */
const NEEDED = [
  { program: 'docker', debian: 'docker.io', otherwise: 'install Docker' },
  { program: 'chromium', debian: 'chromium', otherwise: 'install Chromium and set CLOUDLESS_CHROMIUM to its path' },
  { program: 'busybox', debian: 'busybox-static', otherwise: 'install a static busybox' },
  { program: 'ip', debian: 'iproute2', otherwise: 'install iproute2' },
  { program: 'iptables', debian: 'iptables', otherwise: 'install iptables' },
  { program: 'curl', debian: 'curl', otherwise: 'install curl' },
  { program: 'nginx', debian: 'nginx-light', otherwise: 'install nginx' },
  { program: 'faketime', debian: 'faketime', otherwise: 'install libfaketime' },
] as const;

/**
 * Installs what is missing where that needs no question (root on Debian).
 *
 * @throws CommandRefused naming exactly what to install elsewhere
 */
export async function requirePrograms(): Promise<void> {
  const missing = NEEDED.filter(
    ({ program }) => findProgram(program, process.env) === undefined && !(program === 'chromium' && process.env['CLOUDLESS_CHROMIUM']),
  );
  if (missing.length === 0) return;
  const machine = readMachineFacts(process.env);
  const packages = missing.map(({ debian }) => debian);
  if (machine.isRoot && machine.isDebian) return installPackages(packages);
  const remedy = machine.isDebian ? `sudo apt-get install ${packages.join(' ')}` : missing.map(({ otherwise }) => otherwise).join('; ');
  throw new CommandRefused({ problem: `the tests need ${missing.map(({ program }) => program).join(', ')}`, remedy });
}

/** The engine that answers, or one of the tests' own, which ends with them; a machine may have Docker's client and no engine. */
export async function requireEngine(): Promise<Pick<OwnEngine, 'address' | 'stop'> & AsyncDisposable> {
  const machine = readMachineFacts(process.env);
  const choice = chooseEngine(await probeEngines(process.env), machine);
  if (choice.kind === 'use')
    return { address: choice.engine.address, stop: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
  if (choice.kind === 'install') await installPackages(['docker.io']);
  if (choice.kind === 'install' || (machine.isRoot && machine.hasDockerd)) return startOwnEngine();
  if (choice.kind === 'none') throw new CommandRefused(choice);
  throw new CommandRefused({ problem: 'the tests need a container engine', remedy: 'start Docker, or run them as root' });
}
