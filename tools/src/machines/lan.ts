import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killDockerd, startDockerd, stopDockerd } from '../engine/start-dockerd.ts';
import { runProgram, type Argv, type Ran } from '../programs/run-program.ts';

/** A machine of its own for journeys: a network namespace with an engine, an empty home, and no checkout on its path. */
export interface Machine extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly home: string;
  /** Where the installer puts `cloudless-agent`. */
  readonly agent: string;
  /** For DOCKER_HOST. */
  readonly engine: string;
  /** Runs a program on the machine. */
  run(argv: Argv, options?: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number }): Promise<Ran>;
  /** Starts a program that waits for something. It ends with the machine. */
  start(argv: Argv): { readonly output: () => string; readonly ended: Promise<number>; kill(): void };
  killEngine(): Promise<void>;
  startEngine(): Promise<void>;
  /** The cable. */
  link(state: 'up' | 'down'): Promise<void>;
  /** A second way into the same network, which is taken when there is no cable. @returns its address */
  addWifi(): Promise<string>;
  /** The cable out or in, as where a network service runs: its address and routes go and come with it. */
  plug(state: 'in' | 'out'): Promise<void>;
  /** Its address goes with it: kept on a dead interface, it would go on over the cable. */
  leaveWifi(): Promise<void>;
  /** Another address of the same network, in place of the one before. */
  moveAddress(): Promise<void>;
  /** To the agent and its launcher: `SIGSTOP` is a machine that sleeps, `SIGKILL` leaves only its containers. */
  signalAgent(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void>;
  /** As when the power goes: agent and engine die, containers with them. */
  powerOff(): Promise<void>;
}

/** A network of this machine with machines of its own. Needs root. */
export interface Lan extends AsyncDisposable {
  /** Of this machine on it: where a coordinator that listens on all addresses is reached. */
  readonly hostAddress: string;
  /** The same by IPv6. */
  readonly hostAddress6: string;
  addMachine(name: string, options?: { readonly behindNat?: boolean }): Promise<Machine>;
}

const UNUSED_BRIDGE_NETWORK = 172;
let made = 0;

async function must(...argv: Argv): Promise<void> {
  const { exitCode, output } = await runProgram(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${output}`);
}

/** @throws Error when the kernel or the rights for it are missing */
export async function createLan(): Promise<Lan> {
  made += 1;
  const id = `${process.pid % 10_000}${made}`;
  const bridge = `clb${id}`;
  const net = `10.${64 + (process.pid % 64)}.${made}`;
  const net6 = `fd77:${(process.pid % 65_536).toString(16)}:${made.toString(16)}`;
  await must('ip', 'link', 'add', bridge, 'type', 'bridge');
  await must('ip', 'addr', 'add', `${net}.1/24`, 'dev', bridge);
  await must('ip', '-6', 'addr', 'add', `${net6}::1/64`, 'dev', bridge, 'nodad');
  await must('ip', 'link', 'set', bridge, 'up');
  const machines: Machine[] = [];
  return {
    hostAddress: `${net}.1`,
    hostAddress6: `${net6}::1`,
    async addMachine(name, options = {}) {
      const machine = await createMachine({
        name,
        id,
        index: machines.length + 2,
        bridge,
        net,
        net6,
        behindNat: options.behindNat === true,
      });
      machines.push(machine);
      return machine;
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) await machine[Symbol.asyncDispose]();
      await runProgram(['ip', 'link', 'delete', bridge]);
    },
  };
}

type MachinePlan = {
  readonly name: string;
  readonly id: string;
  readonly index: number;
  readonly bridge: string;
  readonly net: string;
  readonly net6: string;
  readonly behindNat: boolean;
};

async function createMachine({ name, id, index, bridge, net, net6, behindNat }: MachinePlan): Promise<Machine> {
  const namespace = `clm${id}-${index}`;
  const router = `clr${id}-${index}`;
  const folder = mkdtempSync(join(tmpdir(), `cloudless-machine-${name}-`));
  const home = join(folder, 'home');
  for (const part of [home, join(folder, 'data'), join(folder, 'exec')]) mkdirSync(part);
  writeFileSync(join(home, 'machine-id'), `${randomBytes(16).toString('hex')}\n`);
  // `ip netns exec` hides cgroups from an engine.
  const inside = (...argv: readonly string[]): Argv => ['nsenter', `--net=/run/netns/${namespace}`, ...argv];
  let address = behindNat ? '192.168.44.2' : `${net}.${index}`;
  let hostPart = index;

  await must('ip', 'netns', 'add', namespace);
  if (behindNat) await makeRouter(router, namespace, bridge, net, index, id);
  else
    await must('ip', 'link', 'add', `clv${id}${index}`, 'master', bridge, 'up', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await must(...inside('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'));
  if (!behindNat) await must(...inside('ip', '-6', 'addr', 'add', `${net6}::${index}/64`, 'dev', 'eth0', 'nodad'));
  await must(...inside('ip', 'link', 'set', 'lo', 'up'));
  await must(...inside('ip', 'link', 'set', 'eth0', 'up'));
  await must(...inside('ip', 'route', 'add', 'default', 'via', behindNat ? '192.168.44.1' : `${net}.1`));
  // Published ports of containers need a bridge to lead to; the userland proxy does the rest without a firewall.
  await must(...inside('ip', 'link', 'add', 'dk0', 'type', 'bridge'));
  await must(...inside('ip', 'addr', 'add', `${UNUSED_BRIDGE_NETWORK}.30.${index}.1/24`, 'dev', 'dk0'));
  await must(...inside('ip', 'link', 'set', 'dk0', 'up'));

  const engine = `unix://${join(folder, 'docker.sock')}`;
  const pidFile = join(folder, 'own.pid');
  const daemonPidFiles = [join(folder, 'docker.pid')];
  const argv = [
    '--host',
    engine,
    '--data-root',
    join(folder, 'data'),
    '--exec-root',
    join(folder, 'exec'),
    '--pidfile',
    join(folder, 'docker.pid'),
  ];
  const startEngine = async (): Promise<void> =>
    void (await startDockerd({
      address: engine,
      argv: [...argv, '--iptables=false', '--ip6tables=false', '--ip-masq=false', '--bridge', 'dk0'],
      daemonPidFiles,
      logFile: join(folder, 'engine.log'),
      pidFile,
      inside: inside(),
    }));
  await startEngine();

  const env = {
    HOME: home,
    PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
    DOCKER_HOST: engine,
    CLOUDLESS_DATA: join(home, 'data'),
    CLOUDLESS_BIN: join(home, 'bin'),
    CLOUDLESS_MACHINE_ID_FILE: join(home, 'machine-id'),
    CLOUDLESS_NODE_NAME: name,
  };
  const machine: Machine = {
    name,
    get address() {
      return address;
    },
    home,
    agent: join(home, 'bin', 'cloudless-agent'),
    engine,
    run: (program, options = {}) =>
      runProgram(
        ['env', '-i', ...Object.entries({ ...env, ...options.env }).map(([key, value]) => `${key}=${value}`), ...inside(...program)],
        {
          signal: AbortSignal.timeout(options.timeoutMs ?? 120_000),
        },
      ),
    start(program) {
      const [first, ...rest] = inside(...program);
      const child = spawn(first, rest, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-100_000)));
      const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 130)));
      const kill = (): void => {
        // The whole group: a pipe of a shell is several processes.
        if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      };
      return { output: () => text, ended, kill };
    },
    killEngine: () => killDockerd(pidFile),
    startEngine,
    link: (state) => must(...inside('ip', 'link', 'set', 'eth0', state)).then(() => (state === 'up' ? addDefaultRoute() : undefined)),
    async addWifi() {
      const wifi = `${net}.${index + 50}`;
      await must(
        'ip',
        'link',
        'add',
        `clw${id}${index}`,
        'master',
        bridge,
        'up',
        'type',
        'veth',
        'peer',
        'name',
        'wlan0',
        'netns',
        namespace,
      );
      await must(...inside('ip', 'link', 'set', 'wlan0', 'up'));
      // The kernel prefers the lowest metric; these are NetworkManager's.
      await must(...inside('ip', 'addr', 'add', `${wifi}/24`, 'dev', 'wlan0', 'metric', '600'));
      return wifi;
    },
    async plug(state) {
      if (state === 'out') return takeDown('eth0');
      await must(...inside('ip', 'link', 'set', 'eth0', 'up'));
      await must(...inside('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'));
      await addDefaultRoute();
    },
    leaveWifi: () => takeDown('wlan0'),
    async moveAddress() {
      const before = address;
      hostPart += 100;
      address = behindNat ? `192.168.44.${hostPart}` : `${net}.${hostPart}`;
      // Taking the first of two away would take the second with it.
      await must(...inside('ip', 'addr', 'del', `${before}/24`, 'dev', 'eth0'));
      await must(...inside('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'));
      await addDefaultRoute();
    },
    signalAgent(signal) {
      for (const pid of listAgents()) process.kill(pid, signal);
      return Promise.resolve();
    },
    async powerOff() {
      killAgents();
      await killContainers();
      await killDockerd(pidFile);
      await killInside();
    },
    async [Symbol.asyncDispose]() {
      killAgents();
      await killContainers();
      await stopDockerd(pidFile);
      await killInside();
      await runProgram(['ip', 'netns', 'delete', namespace]);
      if (behindNat) await runProgram(['ip', 'netns', 'delete', router]);
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };

  async function takeDown(device: 'eth0' | 'wlan0'): Promise<void> {
    await must(...inside('ip', 'addr', 'flush', 'dev', device));
    await must(...inside('ip', 'link', 'set', device, 'down'));
  }
  const addDefaultRoute = (): Promise<void> =>
    runProgram(inside('ip', 'route', 'replace', 'default', 'via', behindNat ? '192.168.44.1' : `${net}.1`)).then(() => undefined);
  const killAll = (pids: readonly number[]): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    }
  };
  async function killContainers(): Promise<void> {
    const { stdout } = await runProgram(['docker', '--host', engine, 'ps', '--quiet']);
    const ids = stdout.split('\n').filter((each) => each !== '');
    if (ids.length > 0) await runProgram(['docker', '--host', engine, 'kill', ...ids]);
  }
  /** What is left in the namespace, or was started from the machine's folder, is this machine's alone. */
  async function killInside(): Promise<void> {
    const { stdout } = await runProgram(['ip', 'netns', 'pids', namespace]);
    killAll([
      ...stdout
        .split('\n')
        .map(Number)
        .filter((pid) => pid > 0),
      ...listPids(folder),
    ]);
  }
  /** The launcher first: it would start the agent again. */
  const listAgents = (): readonly number[] => [
    ...listPids(`${home}/data/agent/bin/cloudless-agent`),
    ...listPids(`${home}/data/agent/bin/current`),
  ];
  const killAgents = (): void => killAll(listAgents());
  return machine;
}

/** A home router between the machine and the network: nothing gets in that was not asked for. */
async function makeRouter(router: string, namespace: string, bridge: string, net: string, index: number, id: string): Promise<void> {
  const at = (...argv: readonly string[]): Argv => ['nsenter', `--net=/run/netns/${router}`, ...argv];
  await must('ip', 'netns', 'add', router);
  await must('ip', 'link', 'add', `clv${id}${index}`, 'master', bridge, 'up', 'type', 'veth', 'peer', 'name', 'wan', 'netns', router);
  await must(...at('ip', 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace));
  await must(...at('ip', 'addr', 'add', `${net}.${index}/24`, 'dev', 'wan'));
  await must(...at('ip', 'addr', 'add', '192.168.44.1/24', 'dev', 'lan'));
  for (const name of ['lo', 'wan', 'lan']) await must(...at('ip', 'link', 'set', name, 'up'));
  await must(...at('ip', 'route', 'add', 'default', 'via', `${net}.1`));
  await must(...at('sysctl', '-qw', 'net.ipv4.ip_forward=1'));
  await must(...at('iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'wan', '-j', 'MASQUERADE'));
  await must(...at('iptables', '-A', 'FORWARD', '-i', 'wan', '-m', 'conntrack', '!', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'DROP'));
}

/** An engine that was killed leaves its mounts. */
async function unmountBelow(folder: string): Promise<void> {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) await runProgram(['umount', '--lazy', point]);
}

/** Processes whose command line names `text`. */
function listPids(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
      } catch {
        return false;
      }
    });
}
