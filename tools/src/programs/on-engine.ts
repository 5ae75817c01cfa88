import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './repository.ts';
import { buildStale } from '../start/build-web.ts';
import { CommandRefused, runCommand } from '../start/refusal.ts';
import { requireEngine, requirePrograms } from '../test/requirements.ts';
import { runProgram } from './run-program.ts';

/**
 * Runs a program that needs the whole product: builds what is stale, and has a container engine answer for as long as it runs.
 *
 * @param file what the program is made of, relative to the root; absent means that this checkout has none
 */
export function runOnEngine(file: string, argv: readonly [string, ...string[]]): Promise<void> {
  return runCommand(async () => {
    if (!existsSync(join(REPOSITORY, file)))
      throw new CommandRefused({ problem: `${file} is not in this checkout`, remedy: 'take a complete checkout' });
    await requirePrograms();
    await using engine = await requireEngine();
    await buildStale((line) => console.log(line));
    const ran = await runProgram(argv, { env: { DOCKER_HOST: engine.address }, output: 'show' });
    return ran.exitCode;
  });
}
