import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { REPOSITORY } from './repository.ts';

/** Output kept of one program; the oldest goes first. */
const OUTPUT_LIMIT = 4 * 2 ** 20;

export type Ran = { readonly exitCode: number; readonly stdout: string; readonly output: string; readonly durationMs: number };

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `keep` collects the output silently, `show` also prints it as it comes. */
  readonly output?: 'keep' | 'show';
  readonly signal?: AbortSignal;
};
export type Argv = readonly [string, ...string[]];

/**
 * Runs a program to its end. Never through a shell.
 *
 * @param argv program and arguments
 * @returns exit code (128 + signal where a signal ended it, 127 where the program is missing) and what it printed
 */
export function runProgram(argv: Argv, options: RunOptions = {}): Promise<Ran> {
  const startedAt = performance.now();
  const [program, ...rest] = argv;
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = spawn(program, rest, {
    cwd: options.cwd ?? REPOSITORY,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  let stdout = '';
  let output = '';
  const keep = (from: 'stdout' | 'stderr') => (chunk: Buffer) => {
    const text = chunk.toString();
    output = (output + text).slice(-OUTPUT_LIMIT);
    if (from === 'stdout') stdout = (stdout + text).slice(-OUTPUT_LIMIT);
    if (options.output === 'show') process[from].write(text);
  };
  child.stdout.on('data', keep('stdout'));
  child.stderr.on('data', keep('stderr'));
  const settle = (exitCode: number): void => resolve({ exitCode, stdout, output, durationMs: performance.now() - startedAt });
  child.on('error', (error) => {
    output += `${program} could not be run: ${error.message}\n`;
    settle(127);
  });
  child.on('close', (code, signal) => settle(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  return promise;
}
