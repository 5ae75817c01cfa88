import { parseArgs } from 'node:util';
import { createRealClock } from '@cloudless/kernel/node';
import { CloudlessError, isCloudlessError } from '@cloudless/proto';
import { explore, type Explored } from './explore.ts';
import { SimulationFailed } from './failure.ts';
import { PLANTS, type Plant } from './plants.ts';
import { playScenario } from './scenarios/play.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';
import { simulate, type SimulationResult } from './simulate.ts';

const HELP = `npm run sim -- [--seed N] [--seeds N | --minutes M] [--length N] [--devices N] [--coordinators N] [--scenario NAME] [--plant NAME] [--trace]

  --seed N         the first seed (default 1); alone, one world: a failing one is replayed so
  --seeds N        so many seeds, one after the other
  --minutes M      seed after seed for so many real minutes
  --length N       virtual minutes of faults in each world (default: drawn)
  --devices N      devices in each world (default: drawn)
  --coordinators N one alone, or several with a lease (default: drawn)
  --scenario NAME  one of the named scenarios instead of a drawn world:
                   ${Object.keys(SCENARIOS).join('\n                   ')}
  --plant NAME     plant a bug: ${PLANTS.join(', ')}
  --trace          print every event

Ends with 1 when a checker found something; what is printed then has the last events and the command to replay it.
`;
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    length: { type: 'string' },
    devices: { type: 'string' },
    coordinators: { type: 'string' },
    scenario: { type: 'string' },
    plant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readCount(name: 'seed' | 'seeds' | 'minutes' | 'length' | 'devices' | 'coordinators', max: number): number | undefined {
  if (values[name] === undefined) return undefined;
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1 || count > max)
    throw new CloudlessError('config_invalid', `--${name} takes a whole number from 1 to ${max}.`);
  return count;
}

function readName<Name extends string>(option: 'plant' | 'scenario', names: readonly Name[]): Name | undefined {
  const name = names.find((known) => known === values[option]);
  if (values[option] !== undefined && name === undefined)
    throw new CloudlessError('config_invalid', `--${option} takes one of ${names.join(', ')}.`);
  return name;
}

function tellSeed(seed: number, { hash, events, faults, acknowledged, reads, convergedInMs }: SimulationResult): void {
  const struck = [...faults.values()].reduce((sum, count) => sum + count, 0);
  say(
    `seed ${seed}: ${struck} faults, ${acknowledged} writes acknowledged, ${reads} reads, ${events} events, at rest after ${convergedInMs / 1000} s, trace ${hash}`,
  );
}

function tellAll({ seeds, failed, faults, virtualMs, realMs }: Explored): void {
  const hours = virtualMs / HOUR_MS;
  say(
    `${seeds} seeds: ${hours.toFixed(2)} virtual hours in ${(realMs / 1000).toFixed(1)} s, ${(hours / (realMs / 1000)).toFixed(2)} virtual hours a second`,
  );
  const kinds = [...faults].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`);
  if (kinds.length > 0) say(`faults: ${kinds.join(', ')}`);
  if (failed.length > 0) say(`seeds that failed: ${failed.join(', ')}`);
}

async function run(): Promise<number> {
  if (values.help) {
    say(HELP);
    return 0;
  }
  const seed = readCount('seed', 2 ** 31) ?? 1;
  const onLine = values.trace ? say : undefined;
  const plant: Plant | undefined = readName('plant', PLANTS);
  const scenario = readName('scenario', Object.keys(SCENARIOS));
  if (scenario !== undefined) {
    const { virtualMs, hash } = await playScenario(scenario, { seed, onLine, plant });
    say(`${scenario}, seed ${seed}: holds after ${(virtualMs / HOUR_MS).toFixed(2)} virtual hours, trace ${hash}`);
    return 0;
  }
  const [length, devices, coordinators] = [readCount('length', 100_000), readCount('devices', 200), readCount('coordinators', 9)];
  const minutes = readCount('minutes', 100_000);
  const clock = createRealClock();
  const explored = await explore({
    first: seed,
    seeds: minutes === undefined ? (readCount('seeds', 1_000_000) ?? 1) : Infinity,
    untilMs: minutes === undefined ? Infinity : clock.bootMs() + minutes * 60_000,
    clock,
    simulate: (one) => simulate({ seed: one, length, devices, coordinators, plant, onLine }),
    onSeed: tellSeed,
    onFailure: (failure) => say(failure.message),
  });
  tellAll(explored);
  return explored.failed.length === 0 ? 0 : 1;
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
