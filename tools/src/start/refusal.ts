/** Why the product does not start, in one line, and what the person does about it. */
export type Refusal = { readonly problem: string; readonly remedy: string };

/** Ends a command with a refusal instead of a stack trace. */
export class CommandRefused extends Error {
  readonly refusals: readonly Refusal[];
  constructor(...refusals: readonly Refusal[]) {
    super(refusals.map((refusal) => refusal.problem).join('; '));
    this.name = 'CommandRefused';
    this.refusals = refusals;
  }
}

/** Two lines a refusal, as every command prints them. */
export function printRefusals(refusals: readonly Refusal[]): string {
  return refusals.map(({ problem, remedy }) => `cloudless: ${problem}\n  remedy: ${remedy}\n`).join('');
}

/**
 * Runs a command's body; a refusal prints its lines and ends with 1, anything else is our fault and keeps its stack.
 */
export async function runCommand(body: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await body();
  } catch (error) {
    const refusals = error instanceof CommandRefused ? error.refusals : wrongFlag(error);
    if (refusals === undefined) throw error;
    process.stderr.write(printRefusals(refusals));
    process.exitCode = 1;
  }
}

/** `util.parseArgs` throws a code of its own for a flag it does not know. */
function wrongFlag(error: unknown): readonly Refusal[] | undefined {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('ERR_PARSE_ARGS')) return undefined;
  return [{ problem: error.message.split('. ')[0] ?? error.message, remedy: 'run it with --help for its flags' }];
}
