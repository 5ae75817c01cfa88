import { execFile, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '@cloudless/kernel';

const run = promisify(execFile);
const DEADLINE_MS = 30_000;
const NAME = 'cloudless-agent';
const WATCHDOG = 'cloudless-watchdog';

/** What keeps the agent running on this machine. */
export type ServiceKind = 'systemd' | 'systemd-user' | 'launchd' | 'background';

export interface Service {
  readonly kind: ServiceKind;
  /** Files that installing makes; `uninstall` lists them first. */
  readonly files: readonly string[];
  /** @returns sentences for the person: what it does not do */
  install(): Promise<readonly string[]>;
  /** Stops the agent and takes it out of the system's hands. */
  remove(): Promise<void>;
  /** How its log is read, as argv. */
  readonly logCommand: readonly string[];
}

export type ServiceParts = {
  /** `cloudless-agent` with its path. */
  readonly command: string;
  /** The agent's folder. */
  readonly folder: string;
  /** What the installer's shell had that the agent needs to know. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything that the shell had: what runs on in the background keeps it. */
  readonly shell: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
};

const environmentLines = (environment: ServiceParts['environment']): string =>
  Object.entries(environment)
    .map(([name, value]) => `Environment="${name}=${value.replaceAll(/["\\\\]/g, '\\\\$&')}"\n`)
    .join('');

const unit = ({ command, environment }: ServiceParts, wantedBy: string): string => `[Unit]
Description=Cloudless agent: lends this machine to its cluster
Documentation=file://${command}
Wants=network-online.target
After=network-online.target docker.service podman.socket

[Service]
ExecStart=${command} run
${environmentLines(environment)}Restart=always
RestartSec=2
# The agent left its cluster: it stays down until it joins again.
RestartPreventExitStatus=76
KillMode=mixed
TimeoutStopSec=15
NoNewPrivileges=yes
ProtectSystem=true
MemoryMax=512M

[Install]
WantedBy=${wantedBy}
`;

/** Apart from the agent, so that what ends or stops the one leaves the other. */
const watchdogUnit = ({ command, environment }: ServiceParts, wantedBy: string): string => `[Unit]
Description=Cloudless watchdog: stops apps that outlive their lease, should the agent not
Documentation=file://${command}

[Service]
ExecStart=${command} watchdog
${environmentLines(environment)}Restart=always
RestartSec=1
NoNewPrivileges=yes
ProtectSystem=true
MemoryMax=128M

[Install]
WantedBy=${wantedBy}
`;

function systemd(parts: ServiceParts, isUser: boolean): Service {
  const folder = isUser ? join(homedir(), '.config/systemd/user') : '/etc/systemd/system';
  const [path, watchdogPath] = [join(folder, `${NAME}.service`), join(folder, `${WATCHDOG}.service`)];
  const wantedBy = isUser ? 'default.target' : 'multi-user.target';
  const control = (...args: string[]) => run('systemctl', [...(isUser ? ['--user'] : []), ...args], { timeout: DEADLINE_MS });
  return {
    kind: isUser ? 'systemd-user' : 'systemd',
    files: [path, watchdogPath],
    logCommand: ['journalctl', ...(isUser ? ['--user'] : []), '-u', NAME, '-n', '200', '--no-pager'],
    async install() {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, unit(parts, wantedBy));
      await writeFile(watchdogPath, watchdogUnit(parts, wantedBy));
      await control('daemon-reload');
      for (const name of [WATCHDOG, NAME]) {
        await control('enable', name);
        await control('restart', name);
      }
      if (!isUser) return [];
      // Without it the agent ends with the person's last session, and starts with the first.
      return run('loginctl', ['enable-linger', userInfo().username], { timeout: DEADLINE_MS }).then(
        () => [],
        () => [
          `The agent runs while you are logged in. For it to run from the start of the machine: sudo loginctl enable-linger ${userInfo().username}`,
        ],
      );
    },
    async remove() {
      for (const name of [NAME, WATCHDOG]) await control('disable', '--now', name).catch(() => undefined);
      for (const file of [path, watchdogPath]) await rm(file, { force: true });
      await control('daemon-reload').catch(() => undefined);
    },
  };
}

function launchd(parts: ServiceParts): Service {
  const isRoot = process.getuid?.() === 0;
  const folder = isRoot ? '/Library/LaunchDaemons' : join(homedir(), 'Library/LaunchAgents');
  const programs = [
    { label: 'io.cloudless.watchdog', argument: 'watchdog' },
    { label: 'io.cloudless.agent', argument: 'run' },
  ] as const;
  const pathOf = (label: string): string => join(folder, `${label}.plist`);
  const domain = isRoot ? 'system' : `gui/${process.getuid?.() ?? 0}`;
  const log = join(parts.folder, 'agent.log');
  const text = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const plist = ({ label, argument }: (typeof programs)[number]): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>${label}</string>
<key>ProgramArguments</key><array><string>${text(parts.command)}</string><string>${argument}</string></array>
<key>EnvironmentVariables</key><dict><key>CLOUDLESS_LOG_FILE</key><string>${text(log)}</string>${Object.entries(parts.environment)
    .map(([name, value]) => `<key>${name}</key><string>${text(value)}</string>`)
    .join('')}</dict>
<key>RunAtLoad</key><true/>
<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>StandardOutPath</key><string>${text(log)}</string>
<key>StandardErrorPath</key><string>${text(log)}</string>
</dict></plist>
`;
  return {
    kind: 'launchd',
    files: programs.map(({ label }) => pathOf(label)),
    logCommand: ['tail', '-n', '200', log],
    async install() {
      await mkdir(folder, { recursive: true });
      for (const program of programs) {
        await writeFile(pathOf(program.label), plist(program));
        await run('launchctl', ['bootout', `${domain}/${program.label}`], { timeout: DEADLINE_MS }).catch(() => undefined);
        await run('launchctl', ['bootstrap', domain, pathOf(program.label)], { timeout: DEADLINE_MS });
      }
      return [];
    },
    async remove() {
      for (const { label } of programs.toReversed()) {
        await run('launchctl', ['bootout', `${domain}/${label}`], { timeout: DEADLINE_MS }).catch(() => undefined);
        await rm(pathOf(label), { force: true });
      }
    },
  };
}

/** Where no service manager runs (a container, some WSL): the agent runs on by itself, until the machine stops. */
function background(parts: ServiceParts): Service {
  const { command, folder, environment, clock } = parts;
  const log = join(folder, 'agent.log');
  const programs = [
    { argument: 'watchdog', pidFile: join(folder, 'watchdog.pid') },
    { argument: 'run', pidFile: join(folder, 'agent.pid') },
  ] as const;
  const readPid = (pidFile: string): Promise<number | undefined> =>
    readFile(pidFile, 'utf8').then(
      (text) => Number.parseInt(text, 10) || undefined,
      () => undefined,
    );
  /** A number may be another program's by now. */
  const isOurs = async (pid: number): Promise<boolean> =>
    readFile(`/proc/${pid}/cmdline`, 'utf8').then(
      (text) => text.includes(NAME),
      () => false,
    );
  async function stop(pidFile: string): Promise<void> {
    const pid = await readPid(pidFile);
    if (pid === undefined || !(await isOurs(pid))) return;
    process.kill(pid, 'SIGTERM');
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (!deadline.aborted && (await isOurs(pid))) await clock.sleep(50);
  }
  return {
    kind: 'background',
    files: [...programs.map(({ pidFile }) => pidFile), log],
    logCommand: ['tail', '-n', '200', log],
    async install() {
      const out = openSync(log, 'a', 0o600);
      for (const { argument, pidFile } of programs) {
        await stop(pidFile);
        const child = spawn(command, [argument], {
          detached: true,
          stdio: ['ignore', out, out],
          env: { ...parts.shell, ...environment, CLOUDLESS_LOG_FILE: log },
        });
        child.unref();
        await writeFile(pidFile, String(child.pid ?? ''), { mode: 0o600 });
      }
      return [
        `No service manager runs here, so the agent does not start by itself after a restart of the machine: run \`${command} install\` then.`,
      ];
    },
    async remove() {
      for (const { pidFile } of programs.toReversed()) {
        await stop(pidFile);
        await rm(pidFile, { force: true });
      }
    },
  };
}

/** What this machine has. */
export async function findService(parts: ServiceParts): Promise<Service> {
  if (process.platform === 'darwin') return launchd(parts);
  const isRunning = existsSync('/run/systemd/system');
  if (isRunning && process.getuid?.() === 0) return systemd(parts, false);
  const hasUser =
    isRunning &&
    (await run('systemctl', ['--user', 'show-environment'], { timeout: DEADLINE_MS }).then(
      () => true,
      () => false,
    ));
  return hasUser ? systemd(parts, true) : background(parts);
}
