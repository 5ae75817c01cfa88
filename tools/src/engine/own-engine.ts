import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../programs/run-program.ts';
import { killDockerd, startDockerd, stopDockerd } from './start-dockerd.ts';

/** An engine for tests: nothing of it is shared with the machine's, and it ends with the tests. */
export interface OwnEngine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly address: string;
  /** As a crash: at once, its containers left to themselves. */
  kill(): Promise<void>;
  /** After `kill`, on the same data. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a dockerd with its own data, socket, pid file and bridge network, below the system's temporary folder.
 *
 * @throws CommandRefused when it does not start; needs root
 */
export async function startOwnEngine(): Promise<OwnEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-engine-'));
  for (const part of ['data', 'exec']) mkdirSync(join(folder, part));
  const address = `unix://${join(folder, 'docker.sock')}`;
  const bridge = await createBridge();
  const pidFile = join(folder, 'own.pid');
  const places = [
    '--host',
    address,
    '--data-root',
    join(folder, 'data'),
    '--exec-root',
    join(folder, 'exec'),
    '--pidfile',
    join(folder, 'docker.pid'),
  ];
  const argv = [...places, '--iptables=false', '--ip6tables=false', '--ip-masq=false', '--bridge', bridge];
  const daemonPidFiles = [join(folder, 'docker.pid')];
  const start = async (): Promise<void> =>
    void (await startDockerd({ address, argv, daemonPidFiles, logFile: join(folder, 'engine.log'), pidFile }));
  await start();
  const stop = async (): Promise<void> => {
    await stopDockerd(pidFile);
    if (bridge !== 'none') await runProgram(['ip', 'link', 'delete', bridge]);
    await runProgram(['rm', '-rf', folder]);
  };
  return { address, kill: () => killDockerd(pidFile), startAgain: start, stop, [Symbol.asyncDispose]: stop };
}

/** A bridge beside docker0, so that two engines do not fight for one; published loopback ports need a network to lead to. */
async function createBridge(): Promise<string> {
  const name = `clt${process.pid}`;
  const octet = 16 + (process.pid % 200);
  const made = await runProgram(['ip', 'link', 'add', 'name', name, 'type', 'bridge']);
  if (made.exitCode !== 0) return 'docker0';
  await runProgram(['ip', 'addr', 'add', `10.213.${octet}.1/24`, 'dev', name]);
  await runProgram(['ip', 'link', 'set', name, 'up']);
  return name;
}
