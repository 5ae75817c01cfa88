import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { buildStale } from './start/build-web.ts';
import {
  clusterPorts,
  coordinatorFolder,
  coordinatorUrls,
  judgeClusterPorts,
  MEMBERS,
  planCoordinators,
  planStore,
} from './start/cluster-plans.ts';
import { defaultDataFolder, fromShell, logFile, prepareDataFolder } from './start/data-folder.ts';
import { findRqlited } from './start/find-program.ts';
import { takeLock } from './start/instance-lock.ts';
import { endLeftovers } from './start/leftovers.ts';
import { checkPort, freePort } from './start/listen-check.ts';
import { parsePort } from './start/option-values.ts';
import { CommandRefused, runCommand } from './start/refusal.ts';
import { describeRestart, supervise, type Part, type PartPlan } from './start/supervise.ts';

/** `npm run cluster`: three coordinators on three nodes of rqlite, all on this machine. To try it, and to take it apart. */
const NO_RQLITED = 2;
const READY_MS = 60_000;
const clock = createRealClock();
const show = (line: string): void => console.log(line);

await runCommand(async () => {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      data: { type: 'string', default: join(defaultDataFolder(), 'cluster') },
      port: { type: 'string', default: '7600' },
      'store-port': { type: 'string', default: '4001' },
    },
  });
  const rqlited = findRqlited(process.env);
  if (rqlited.kind === 'none') {
    const problem =
      rqlited.named === undefined
        ? 'there is no rqlited: put it on PATH or name it in RQLITED'
        : `RQLITED names ${rqlited.named}, and no program that can be run is there: correct it, or put rqlited on PATH and unset it`;
    process.stderr.write(`cloudless: ${problem} (https://rqlite.io/docs/install-rqlite)\n`);
    return NO_RQLITED;
  }
  const ports = { port: portOf(values.port), storePort: portOf(values['store-port']) };
  const unfit = judgeClusterPorts(clusterPorts(ports));
  if (unfit) throw new CommandRefused(unfit);
  await start({ root: fromShell(values.data), ...ports, rqlited: rqlited.path });
  return 0;
});

function portOf(text: string): number {
  const port = parsePort(text);
  if ('value' in port) return port.value;
  throw new CommandRefused(port);
}

/** @throws CommandRefused when it takes too long; the signal's reason */
async function untilAnswers(
  url: string,
  signal: AbortSignal,
  { name, log }: { readonly name: string; readonly log: string },
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
  while (!deadline.aborted) {
    const isReady = await fetch(url, { signal: deadline }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await clock.sleep(100);
  }
  signal.throwIfAborted();
  throw new CommandRefused({
    problem: `${name} did not answer within ${READY_MS / 1000} s (${url})`,
    remedy: `mend what the end of ${log} names, and run this again`,
  });
}

/** Every coordinator needs the same master key: the first makes it. */
function shareKey(root: string): void {
  const keyOf = (index: number): string => join(coordinatorFolder(root, index), 'coordinator', 'master.key');
  for (let index = 1; index < MEMBERS; index += 1) {
    mkdirSync(join(coordinatorFolder(root, index), 'coordinator'), { recursive: true, mode: 0o700 });
    if (!existsSync(keyOf(index))) copyFileSync(keyOf(0), keyOf(index));
  }
}

async function start(given: {
  readonly root: string;
  readonly port: number;
  readonly storePort: number;
  readonly rqlited: string;
}): Promise<void> {
  const folder = prepareDataFolder(given.root);
  const lock = takeLock(join(folder.run, 'lock'));
  if (lock.kind === 'taken')
    throw new CommandRefused({
      problem: `a cluster runs on ${folder.root} already (pid ${lock.pid})`,
      remedy: `stop it (kill ${lock.pid})`,
    });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  const parts: Part[] = [];
  try {
    const surroundings = { ...given, webPort: await freePort() };
    const plans = { store: planStore(surroundings), coordinators: planCoordinators(surroundings) };
    const names = [...plans.store, ...plans.coordinators].map(({ name }) => name);
    await endLeftovers(folder, names.toReversed());
    for (const { port, flag } of clusterPorts(given)) {
      const taken = await checkPort('127.0.0.1', port, flag);
      if (taken) throw new CommandRefused(taken);
    }
    await buildStale(show);
    stopping.signal.throwIfAborted();
    const run = (plan: PartPlan): void => {
      const onRestart = (name: string, ending: string, waitMs: number): void => show(describeRestart(folder, name, ending, waitMs));
      parts.push(supervise(plan, { folder, clock, entropy: createRealEntropy(), onRestart }));
    };
    const untilReady = (name: string, url: string): Promise<void> =>
      untilAnswers(`${url}/readyz`, stopping.signal, { name, log: logFile(folder, name) });
    for (const plan of plans.store) run(plan);
    await untilReady('store-1', `http://127.0.0.1:${given.storePort}`);
    const [first, ...others] = plans.coordinators;
    const urls = coordinatorUrls(surroundings);
    if (first) run(first);
    await untilReady('coordinator-1', urls[0] ?? '');
    shareKey(given.root);
    for (const plan of others) run(plan);
    for (const [index, url] of urls.entries()) await untilReady(`coordinator-${index + 1}`, url);
    tell(given.root, urls, folder.root);
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
  } catch (error) {
    // Whatever a stop cuts short is no failure.
    if (!stopping.signal.aborted) throw error;
  } finally {
    if (parts.length > 0) show('Stopping …');
    for (const part of parts.toReversed()) await part.stop();
    lock.release();
  }
}

function tell(root: string, urls: readonly string[], data: string): void {
  show(`\nThe cluster runs. Any of these leads to it:\n${urls.map((url) => `  ${url}`).join('\n')}\nData and logs: ${data}`);
  const codeFile = join(coordinatorFolder(root, 0), 'coordinator', 'claim-code');
  if (existsSync(codeFile)) show(`To become its owner, once: ${urls[0]}/claim#code=${readFileSync(codeFile, 'utf8').trim()}`);
  show('Ctrl-C stops it.');
}
