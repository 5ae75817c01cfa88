import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { buildStale } from './start/build-web.ts';
import { clusterPorts, coordinatorFolder, coordinatorUrls, MEMBERS, planCoordinators, planStore } from './start/cluster-plans.ts';
import { defaultDataFolder, prepareDataFolder } from './start/data-folder.ts';
import { findRqlited } from './start/find-program.ts';
import { takeLock } from './start/instance-lock.ts';
import { checkPort, freePort } from './start/listen-check.ts';
import { parsePort } from './start/option-values.ts';
import { CommandRefused, runCommand } from './start/refusal.ts';
import { supervise, type Part, type PartPlan } from './start/supervise.ts';

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
  await start({ root: values.data, port: portOf(values.port), storePort: portOf(values['store-port']), rqlited: rqlited.path });
  return 0;
});

function portOf(text: string): number {
  const port = parsePort(text);
  if ('value' in port) return port.value;
  throw new CommandRefused(port);
}

async function untilAnswers(url: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
  while (!deadline.aborted) {
    const isReady = await fetch(url, { signal: deadline }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await clock.sleep(100);
  }
  if (!signal.aborted) {
    throw new CommandRefused({ problem: `${url} did not answer within ${READY_MS / 1000} s`, remedy: 'read the logs in the data folder' });
  }
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
    for (const { port, flag } of clusterPorts(given)) {
      const taken = await checkPort('127.0.0.1', port, flag);
      if (taken) throw new CommandRefused(taken);
    }
    await buildStale(show);
    const surroundings = { ...given, webPort: await freePort() };
    const run = (plan: PartPlan): void => {
      const onRestart = (name: string, ending: string, waitMs: number): void =>
        show(`${name} ${ending}; starting it again in ${waitMs} ms`);
      parts.push(supervise(plan, { folder, clock, entropy: createRealEntropy(), onRestart }));
    };
    for (const plan of planStore(surroundings)) run(plan);
    await untilAnswers(`http://127.0.0.1:${given.storePort}/readyz`, stopping.signal);
    const [first, ...others] = planCoordinators(surroundings);
    const urls = coordinatorUrls(surroundings);
    if (first) run(first);
    await untilAnswers(`${urls[0] ?? ''}/readyz`, stopping.signal);
    shareKey(given.root);
    for (const plan of others) run(plan);
    for (const url of urls) await untilAnswers(`${url}/readyz`, stopping.signal);
    if (!stopping.signal.aborted) tell(given.root, urls, folder.root);
    if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
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
