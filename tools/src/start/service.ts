import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../programs/repository.ts';
import { runProgram } from '../programs/run-program.ts';
import { CommandRefused } from './refusal.ts';

const NAME = 'cloudless';
const LABEL = 'io.cloudless.coordinator';

export type ServiceFacts = {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  /** systemd is what runs this machine. */
  readonly hasSystemd: boolean;
  readonly home: string;
};

export type ServicePlan = {
  /** The file that keeps the coordinator running, and what is in it. */
  readonly path: string;
  readonly text: string;
  /** Run in this order once the file is there. */
  readonly commands: readonly (readonly [string, ...string[]])[];
};

/** What survives from one line of a unit to the next: no quote or backslash ends it early. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;
const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * How this machine keeps `npm start` running: from its start, and again when it ends.
 *
 * @param argv the node that runs, the bootstrap and the flags of `npm start`
 * @throws CommandRefused where there is no service manager
 */
export function planService(argv: readonly string[], { platform, isRoot, hasSystemd, home }: ServiceFacts): ServicePlan {
  if (platform === 'darwin') {
    const path = isRoot ? `/Library/LaunchDaemons/${LABEL}.plist` : join(home, 'Library/LaunchAgents', `${LABEL}.plist`);
    const text = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>Label</key><string>${LABEL}</string>
<key>WorkingDirectory</key><string>${xml(REPOSITORY)}</string>
<key>ProgramArguments</key><array>${argv.map((each) => `<string>${xml(each)}</string>`).join('')}</array>
<key>RunAtLoad</key><true/><key>KeepAlive</key><true/>
</dict></plist>
`;
    return { path, text, commands: [['launchctl', 'bootstrap', isRoot ? 'system' : `gui/${process.getuid?.() ?? 0}`, path]] };
  }
  if (platform !== 'linux' || !hasSystemd)
    throw new CommandRefused({
      problem: 'there is no systemd or launchd here that could keep Cloudless running',
      remedy: 'run `npm start` under what starts programs on this machine',
    });
  const user = isRoot ? [] : ['--user'];
  const path = isRoot ? `/etc/systemd/system/${NAME}.service` : join(home, '.config/systemd/user', `${NAME}.service`);
  const text = `[Unit]
Description=Cloudless coordinator, dashboard and agent
Wants=network-online.target
After=network-online.target docker.service

[Service]
WorkingDirectory=${REPOSITORY.replaceAll('%', '%%')}
ExecStart=${argv.map(quoted).join(' ')}
Restart=always
RestartSec=2
# Containers are nobody's children: what npm start supervises ends with it, apps do not.
KillMode=mixed
TimeoutStopSec=30

[Install]
WantedBy=${isRoot ? 'multi-user.target' : 'default.target'}
`;
  return {
    path,
    text,
    commands: [
      ['systemctl', ...user, 'daemon-reload'],
      ['systemctl', ...user, 'enable', NAME],
      ['systemctl', ...user, 'restart', NAME],
      ...(isRoot ? [] : ([['loginctl', 'enable-linger', userInfo().username]] as const)),
    ],
  };
}

/** Installs and starts the service. @returns what to tell the person */
export async function installService(flags: readonly string[]): Promise<readonly string[]> {
  const argv = [process.execPath, join(REPOSITORY, 'tools', 'bootstrap.mjs'), 'start', ...flags, '--yes'];
  const plan = planService(argv, {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
    home: homedir(),
  });
  mkdirSync(dirname(plan.path), { recursive: true });
  writeFileSync(plan.path, plan.text);
  for (const command of plan.commands) {
    const { exitCode, output } = await runProgram(command);
    if (exitCode !== 0)
      throw new CommandRefused({
        problem: `${command.join(' ')} ended with ${exitCode}: ${output.trim()}`,
        remedy: `mend it and run \`npm start -- --service\` again; the service is ${plan.path}`,
      });
  }
  return [
    `Cloudless runs as a service now, and starts with this machine: ${plan.path}`,
    `It stops with: ${plan.path.endsWith('.plist') ? `launchctl bootout … ${LABEL}` : `systemctl ${process.getuid?.() === 0 ? '' : '--user '}disable --now ${NAME}`}`,
  ];
}
