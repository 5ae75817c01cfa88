import { join } from 'node:path';
import { buildAgent } from './agent-bundle/build-agent.ts';
import { buildStale } from './start/build-web.ts';
import { defaultDataFolder, prepareDataFolder } from './start/data-folder.ts';
import { ensureEngine, type EnsuredEngine } from './start/ensure-engine.ts';
import { takeLock } from './start/instance-lock.ts';
import { endLeftovers } from './start/leftovers.ts';
import { checkPort, checkTlsFiles } from './start/listen-check.ts';
import { parseStartOptions, type StartOptions } from './start/options.ts';
import { CommandRefused, runCommand } from './start/refusal.ts';
import { installService } from './start/service.ts';
import { runProduct } from './start/run-product.ts';

/** `npm start`: everything from a fresh checkout to a running control plane. */
const NO_ENGINE: EnsuredEngine = { kind: 'none', problem: '--no-agent', remedy: 'start without --no-agent' };
const show = (line: string): void => console.log(line);

await runCommand(async () => {
  const parsed = parseStartOptions(process.argv.slice(2), process.env, defaultDataFolder(), process.env['INIT_CWD'] ?? process.cwd());
  if (parsed.kind === 'refused') throw new CommandRefused(...parsed.refusals);
  if (parsed.options.service) {
    const flags = process.argv.slice(2).filter((flag) => flag !== '--service');
    for (const line of await installService(flags)) show(line);
    return 0;
  }
  await start(parsed.options);
  return 0;
});

async function start(options: StartOptions): Promise<void> {
  const tls = checkTlsFiles(options.tls);
  if (tls.length > 0) throw new CommandRefused(...tls);
  const folder = prepareDataFolder(options.dataFolder);
  const lock = takeLock(join(folder.run, 'lock'));
  if (lock.kind === 'taken') {
    throw new CommandRefused({
      problem: `Cloudless already runs on ${folder.root} (pid ${lock.pid})`,
      remedy: `stop it (kill ${lock.pid}), or name another folder with --data`,
    });
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  try {
    await endLeftovers(folder);
    const port = await checkPort(options.host, options.port);
    if (port !== undefined) throw new CommandRefused(port);
    await Promise.all([buildStale(show), buildAgent()]);
    const engine = options.agent ? await ensureEngine(folder, options.yes, show) : NO_ENGINE;
    if (!stopping.signal.aborted) await runProduct(options, folder, engine, stopping.signal, show);
  } finally {
    lock.release();
  }
}
