import { join } from 'node:path';
import { chooseEngine } from '../engine/choose-engine.ts';
import { installPackages } from '../engine/install-packages.ts';
import { probeEngines, readMachineFacts } from '../engine/machine-facts.ts';
import { startDockerd, systemDockerd } from '../engine/start-dockerd.ts';
import { runProgram } from '../programs/run-program.ts';
import { askYes } from './ask.ts';
import { logFile, type DataFolder } from './data-folder.ts';
import { CommandRefused } from './refusal.ts';

/** The engine this machine lends, or why it lends none. */
export type EnsuredEngine =
  | { readonly kind: 'engine'; readonly address: string; readonly label: string }
  | { readonly kind: 'none'; readonly problem: string; readonly remedy: string };

/** One round more than there are things to do: install, then start, then use. */
const ROUNDS = 3;

/**
 * Finds an engine; as root on Debian also installs one after a yes, and starts one that nothing keeps running. Never fails the
 * start: without an engine the control plane runs without a local device.
 */
export async function ensureEngine(folder: DataFolder, yes: boolean, show: (line: string) => void): Promise<EnsuredEngine> {
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const choice = chooseEngine(await probeEngines(process.env), readMachineFacts(process.env));
      if (choice.kind === 'use') {
        const { source, address, answer } = choice.engine;
        return { kind: 'engine', address, label: `${source} ${answer.version} (${answer.platform}) at ${address.replace('unix://', '')}` };
      }
      if (choice.kind === 'none') return choice;
      if (choice.kind === 'install') await install(yes, show);
      else await startEngine(choice.by, folder, show);
    }
    return { kind: 'none', problem: 'the container engine was started but does not answer', remedy: `read ${logFile(folder, 'engine')}` };
  } catch (error) {
    if (error instanceof CommandRefused && error.refusals[0]) return { kind: 'none', ...error.refusals[0] };
    throw error;
  }
}

async function install(yes: boolean, show: (line: string) => void): Promise<void> {
  const agreed = await askYes('There is no container engine on this machine. Install Docker (docker.io) with apt?', yes);
  if (!agreed) {
    throw new CommandRefused({
      problem: 'there is no container engine on this machine',
      remedy: 'apt-get install docker.io, or start with --yes to let Cloudless do it',
    });
  }
  show('Installing docker.io …');
  await installPackages(['docker.io', 'iptables']);
}

async function startEngine(by: 'init' | 'ourselves', folder: DataFolder, show: (line: string) => void): Promise<void> {
  if (by === 'init') {
    show('Starting Docker (systemctl start docker) …');
    const ran = await runProgram(['systemctl', 'start', 'docker']);
    if (ran.exitCode !== 0)
      throw new CommandRefused({
        problem: `systemctl start docker failed: ${ran.output.trim()}`,
        remedy: 'run `journalctl -u docker` and mend what it names',
      });
    return;
  }
  show('Starting Docker; it goes on after Cloudless stops …');
  const { firewall } = await startDockerd(systemDockerd(logFile(folder, 'engine'), join(folder.run, 'engine.pid')));
  if (!firewall) show('Docker may not change the firewall here: containers reach no other network, published ports work.');
}
