import { parseArgs } from 'node:util';
import { generate } from './programs/generate.ts';
import { runProgram } from './programs/run-program.ts';
import { CommandRefused, runCommand } from './start/refusal.ts';

/**
 * `npm run chaos`: real processes under faults, as in `npm run e2e`, without engine and browser. `--minutes N --seed N` draws faults for
 * as long; further arguments go to Playwright, as `kills` (a file) or `-g 'every crash point'` (a test).
 */
const PLAYWRIGHT = ['playwright', 'test', '--config', 'e2e/playwright.config.ts', '--project=chaos'] as const;
const OWN: ReadonlySet<string> = new Set(['minutes', 'seed']);

function positive(name: string, text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  if (!(Number(text) > 0)) throw new CommandRefused({ problem: `--${name} ${text} is not a number above 0`, remedy: `write --${name} 7` });
  return { [`CLOUDLESS_CHAOS_${name.toUpperCase()}`]: text };
}

await runCommand(async () => {
  const { values, tokens } = parseArgs({
    options: { minutes: { type: 'string' }, seed: { type: 'string' } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  // In their order, and as they were written: the value of an option that is not ours stands behind it.
  const passedOn = tokens.flatMap((token) => {
    if (token.kind === 'positional') return [token.value];
    if (token.kind !== 'option' || OWN.has(token.name)) return [];
    return [token.inlineValue === true ? `${token.rawName}=${token.value}` : token.rawName];
  });
  const env = { ...positive('minutes', values.minutes?.toString()), ...positive('seed', values.seed?.toString()) };
  await generate();
  const explored = Object.keys(env).length > 0 ? ['explore'] : [];
  return (await runProgram([...PLAYWRIGHT, ...explored, ...passedOn], { env, output: 'show' })).exitCode;
});
