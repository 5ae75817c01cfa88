import { parseArgs } from 'node:util';
import { createRealClock } from '@cloudless/kernel/node';
import { CloudlessError, isCloudlessError } from '@cloudless/proto';
import { PLANTS, type Plant } from './plants.ts';
import { simulate, SimulationFailed } from './simulate.ts';

const HELP = `npm run sim -- [--seed N] [--seeds N] [--minutes N] [--agents N] [--trace] [--plant NAME]

  --seed N      the first seed (default 1)
  --seeds N     so many seeds, one after the other (default 1)
  --minutes N   virtual minutes of faults in each (default 20)
  --agents N    devices in each world (default 2)
  --trace       print every event
  --plant NAME  plant a bug: ${PLANTS.join(', ')}
`;
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '20' },
    agents: { type: 'string', default: '2' },
    plant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readCount(name: 'seed' | 'seeds' | 'minutes' | 'agents', max: number): number {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1 || count > max)
    throw new CloudlessError('config_invalid', `--${name} takes a whole number from 1 to ${max}.`);
  return count;
}

async function run(): Promise<number> {
  if (values.help) {
    say(HELP);
    return 0;
  }
  const first = readCount('seed', 2 ** 31);
  const [seeds, minutes, agents] = [readCount('seeds', 1_000_000), readCount('minutes', 100_000), readCount('agents', 200)];
  const plant: Plant | undefined = PLANTS.find((known) => known === values.plant);
  if (values.plant !== undefined && !plant) throw new CloudlessError('config_invalid', `--plant takes one of ${PLANTS.join(', ')}.`);
  const clock = createRealClock();
  const startedAtMs = clock.bootMs();
  let virtualMs = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = await simulate({ seed, minutes, agents, ...(plant ? { plant } : {}), ...(values.trace ? { onLine: say } : {}) });
    virtualMs += result.virtualMs;
    const { hash, events, faults, acknowledged, convergedInMs } = result;
    say(
      `seed ${seed}: ${faults} faults, ${acknowledged} writes acknowledged, ${events} events, at rest after ${convergedInMs / 1000} s, trace ${hash}`,
    );
  }
  const tookS = (clock.bootMs() - startedAtMs) / 1000;
  say(
    `${seeds} seeds: ${(virtualMs / HOUR_MS).toFixed(2)} virtual hours in ${tookS.toFixed(1)} s, ${(virtualMs / HOUR_MS / tookS).toFixed(2)} virtual hours a second`,
  );
  return 0;
}

process.exitCode = await run().catch((cause: unknown) => {
  say(
    cause instanceof SimulationFailed || isCloudlessError(cause)
      ? cause.message
      : cause instanceof Error
        ? (cause.stack ?? cause.message)
        : String(cause),
  );
  return 1;
});
