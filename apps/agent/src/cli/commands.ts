import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join as joinPath } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createRealClock } from '@cloudless/kernel/node';
import { AGENT_VERSION } from '../agent.ts';
import type { AgentStatus } from '../agent-status.ts';
import type { AgentConfig } from '../config.ts';
import { findService } from '../install/service.ts';
import { askStatus, askToLeave } from '../status/ask-agent.ts';
import { describeConnection, describeLending } from '../status/status-page.ts';
import { join } from './join.ts';
import { CommandFailed, say } from './say.ts';

export const HELP = `cloudless-agent <command>

  join [token | code]   let this machine join; without either it shows a code to approve it by
       --at <address>   where the coordinator is (host:port or URL; may be repeated)
  install               keep the agent running, and start it now
  status                what this device does, and why
  logs                  the agent's own log
  leave [--now]         leave the cluster: what runs here is moved first (--now: stopped at once)
  uninstall [--yes]     remove the agent from this machine; lists what goes
  run                   run the agent in the foreground
  watchdog              stop what outlives its lease, should the agent not
  version, help
`;

const run = promisify(execFile);
const START_MS = 30_000;
/** Another device may have to fetch an image before it takes a replica over. */
const LEAVE_MS = 10 * 60_000;

const FLAGS = {
  at: { type: 'string', multiple: true },
  now: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
} as const;

/**
 * What a person at the machine may ask of its agent.
 * @param startAgent runs the agent in this process
 * @throws CommandFailed with what to do
 */
export async function runCommand(argv: readonly string[], config: AgentConfig, startAgent: () => Promise<void>): Promise<void> {
  const { values, positionals } = parse(argv);
  const [command = 'run', ...rest] = positionals;
  switch (command) {
    case 'run':
      return startAgent();
    case 'join':
      return join(config, { secret: rest[0], at: values.at ?? [] });
    case 'install':
      return install(config);
    case 'status':
      return showStatus(config);
    case 'logs':
      return showLogs(config);
    case 'leave':
      return leave(config, values.now === true);
    case 'uninstall':
      return uninstall(config, values.yes === true);
    case 'version':
      return say(AGENT_VERSION);
    case 'help':
      return say(HELP);
    default:
      throw new CommandFailed(`There is no command ${JSON.stringify(command)}.\n\n${HELP}`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
  } catch (cause) {
    throw new CommandFailed(`${cause instanceof Error ? cause.message : String(cause)}\n\n${HELP}`, { cause });
  }
}

function serviceOf({ folder, home, shell, kept }: AgentConfig) {
  if (home === undefined)
    throw new CommandFailed(
      'This agent runs from a source tree: only one that was installed by the command of the dialog can be a service.',
    );
  return findService({ command: joinPath(home, 'cloudless-agent'), folder, environment: kept, shell, clock: createRealClock() });
}

async function install(config: AgentConfig): Promise<void> {
  const service = await serviceOf(config);
  const notes = await service.install();
  const status = await untilSo(config, START_MS, ({ connection }) => connection.state === 'connected');
  if (!status) throw new CommandFailed(`The agent did not start within ${START_MS / 1000} s. Its log: cloudless-agent logs`);
  say(describeConnection(status));
  if (status.engine.state !== 'ready') say(`It cannot run apps yet: ${status.engine.message}`);
  for (const note of notes) say(note);
  if (status.connection.state !== 'connected')
    throw new CommandFailed('The agent runs and has no connection yet; it goes on trying. Look again: cloudless-agent status');
}

/** @returns the last thing the agent said */
async function untilSo(config: AgentConfig, limitMs: number, isSo: (status: AgentStatus) => boolean): Promise<AgentStatus | undefined> {
  const clock = createRealClock();
  const startedMs = clock.bootMs();
  for (;;) {
    const status = await askStatus(config.controlSocket);
    if ((status && isSo(status)) || clock.bootMs() - startedMs > limitMs) return status;
    await clock.sleep(100);
  }
}

async function showStatus(config: AgentConfig): Promise<void> {
  const status = await askStatus(config.controlSocket);
  if (!status) throw new CommandFailed('No agent runs on this machine. Start it: cloudless-agent install');
  say(`${status.device?.name ?? 'This device'}  ${status.device?.nodeId ?? ''}`);
  say(describeConnection(status));
  say(describeLending(status));
  say(`Engine: ${status.engine.state}, ${status.engine.message}`);
  for (const { app, replica, phase, cause } of status.runs) say(`  ${app} · ${replica + 1}  ${phase}: ${cause}`);
  if (status.runs.length === 0) say('Nothing is assigned to this device now.');
}

async function showLogs(config: AgentConfig): Promise<void> {
  const [program = '', ...args] = (await serviceOf(config)).logCommand;
  const { stdout } = await run(program, args, { maxBuffer: 16 * 2 ** 20 });
  say(stdout.trimEnd());
}

const countReplicas = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`);

async function leave(config: AgentConfig, now: boolean): Promise<void> {
  const status = await askStatus(config.controlSocket);
  if (!status?.device) throw new CommandFailed('This machine is not in a cluster, or its agent does not run: cloudless-agent status');
  const refused = await askToLeave(config.controlSocket, now);
  if (refused !== undefined)
    throw new CommandFailed(`${refused} If the cluster is gone for good, remove this machine from it with: cloudless-agent uninstall`);
  say(now ? 'Leaving: what runs here is being stopped …' : `Leaving: ${countReplicas(status.runs.length)} to be moved to other devices …`);
  const clock = createRealClock();
  const startedMs = clock.bootMs();
  let left = status.runs.length;
  for (;;) {
    const current = await askStatus(config.controlSocket);
    if (!current?.device || !existsSync(joinPath(config.folder, 'identity.json'))) break;
    if (current.runs.length !== left) say(`${current.runs.length} left`);
    left = current.runs.length;
    if (clock.bootMs() - startedMs > LEAVE_MS)
      throw new CommandFailed(
        `${countReplicas(left)} still here: no other device takes what is left. Add a device or free room, or stop them: cloudless-agent leave --now`,
      );
    await clock.sleep(200);
  }
  await (await serviceOf(config)).remove().catch(() => undefined);
  say('This machine has left its cluster. Nothing of it runs here any more. To remove the agent as well: cloudless-agent uninstall');
}

async function uninstall(config: AgentConfig, yes: boolean): Promise<void> {
  const service = await serviceOf(config);
  const links = [config.link].filter((path) => path !== undefined);
  const goes = [...service.files.filter((path) => existsSync(path)), ...links, config.folder];
  const joined = existsSync(joinPath(config.folder, 'identity.json'));
  say('This removes:');
  for (const path of goes) say(`  ${path}`);
  if (joined) say('This machine is still in its cluster, and its containers stay. Better first: cloudless-agent leave');
  if (!yes) {
    say('Nothing was removed yet. To go on: cloudless-agent uninstall --yes');
    return;
  }
  await service.remove();
  for (const path of links) await rm(path, { force: true });
  await rm(config.folder, { recursive: true, force: true });
  // The data folder too, when it held nothing else.
  await run('rmdir', [dirname(config.folder)]).catch(() => undefined);
  say('Removed.');
}
