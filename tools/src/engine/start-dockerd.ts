import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandRefused } from '../start/refusal.ts';
import { pidFileText, runningPid } from '../start/pid-file.ts';
import { findProgram } from './machine-facts.ts';
import { probeEngine } from './probe-engine.ts';

export type DockerdPlan = {
  /** Where it will answer, `unix:///…`. */
  readonly address: string;
  /** Flags after `dockerd`. */
  readonly argv: readonly string[];
  readonly logFile: string;
  /** What it is started through, as `nsenter` with its arguments. */
  readonly inside?: readonly string[];
  /** dockerd's own pid files, its containerd's too. */
  readonly daemonPidFiles: readonly string[];
  /** Ours, beside dockerd's own: holds the pid with the mark of its start. */
  readonly pidFile: string;
};

const READY_MS = 30_000;
const STOP_MS = 20_000;
/** Networks that the kernel does not let dockerd set up (a container without rights) are left out on the second try. */
const FIREWALL_FAILURE = /iptables|ip6tables|nftables|initializing network controller|error creating default "bridge"/i;
const WITHOUT_FIREWALL = ['--iptables=false', '--ip6tables=false', '--ip-masq=false'];

/**
 * Starts a dockerd of our own in a session of its own: it outlives this command and Ctrl-C. A second try leaves the firewall alone
 * where it may not be changed, and else does the same once more.
 *
 * @returns its pid, and whether it runs without firewall rules (containers then reach no other network)
 * @throws CommandRefused with the end of its log when it does not answer
 */
export async function startDockerd(plan: DockerdPlan): Promise<{ pid: number; firewall: boolean }> {
  const pid = await tryDockerd(plan, plan.argv);
  if (pid !== undefined) return { pid, firewall: true };
  const firewall = !FIREWALL_FAILURE.test(lastLines(plan.logFile));
  const second = await tryDockerd(plan, firewall ? plan.argv : [...plan.argv, ...WITHOUT_FIREWALL]);
  if (second !== undefined) return { pid: second, firewall };
  throw new CommandRefused({
    problem: `dockerd does not start: ${lastLines(plan.logFile)}`,
    remedy: `read ${plan.logFile}, start an engine yourself, or use --no-agent`,
  });
}

async function tryDockerd(plan: DockerdPlan, argv: readonly string[]): Promise<number | undefined> {
  const program = findProgram('dockerd', process.env);
  if (program === undefined) throw new CommandRefused({ problem: 'dockerd is not installed', remedy: 'sudo apt-get install docker.io' });
  // A pid file of a program that was killed, or is a zombie, makes dockerd wait for it in vain.
  for (const path of plan.daemonPidFiles) if (runningPid(readOptional(path)) === undefined) rmSync(path, { force: true });
  const log = openSync(plan.logFile, 'a', 0o600);
  const [first = program, ...rest] = [...(plan.inside ?? []), program, ...argv];
  const child = spawn(first, rest, { detached: true, stdio: ['ignore', log, log], env: { ...process.env, DOCKER_HOST: undefined } });
  closeSync(log);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.unref();
  const deadline = AbortSignal.timeout(READY_MS);
  while (!ended && !deadline.aborted) {
    if (child.pid !== undefined && (await probeEngine(plan.address)).kind === 'answers') {
      writeFileSync(plan.pidFile, pidFileText(child.pid), { mode: 0o600 });
      return child.pid;
    }
    await sleep(100);
  }
  if (!ended && child.pid !== undefined) await stopPid(child.pid);
  return undefined;
}

/** The machine's own engine, where the docker command looks for it. */
export function systemDockerd(logFile: string, pidFile: string): DockerdPlan {
  const daemonPidFiles = ['/var/run/docker.pid', '/var/run/docker/containerd/containerd.pid'];
  return { address: 'unix:///var/run/docker.sock', argv: [], daemonPidFiles, logFile, pidFile };
}

/** Ends the dockerd of `pidFile` when that very one still runs, and waits until it is gone. */
export async function stopDockerd(pidFile: string): Promise<void> {
  const pid = runningPid(readOptional(pidFile));
  if (pid !== undefined) await stopPid(pid);
  rmSync(pidFile, { force: true });
}

/** Ends the dockerd of `pidFile` with no chance to stop its containers. */
export async function killDockerd(pidFile: string): Promise<void> {
  const pid = runningPid(readOptional(pidFile));
  if (pid !== undefined) await stopPid(pid, 'SIGKILL');
}

async function stopPid(pid: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  const mark = pidFileText(pid);
  process.kill(pid, signal);
  const deadline = AbortSignal.timeout(STOP_MS);
  while (runningPid(mark) !== undefined) {
    if (deadline.aborted) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function lastLines(path: string): string {
  const text = statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : '';
  const fatal = text.split('\n').filter((line) => /level=(fatal|error)|failed/.test(line));
  return (fatal.at(-1) ?? text.trim().split('\n').at(-1) ?? 'it said nothing').slice(0, 400);
}
