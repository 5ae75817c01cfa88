import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { listUrls, readLanAddresses, renderBanner } from './banner.ts';
import { logFile, type DataFolder } from './data-folder.ts';
import type { EnsuredEngine } from './ensure-engine.ts';
import { freePort } from './listen-check.ts';
import type { StartOptions } from './options.ts';
import { planParts } from './part-plans.ts';
import { statusOf, untilReady } from './readiness.ts';
import { CommandRefused } from './refusal.ts';
import { describeRestart, supervise, type Part } from './supervise.ts';
import { watchOwnEngine } from './watch-engine.ts';

const READY_MS = 60_000;

/**
 * Runs the control plane until `signal` aborts, then stops it in order: what makes requests first, what answers them last.
 * Containers are nobody's children here: they go on.
 *
 * @throws CommandRefused when the coordinator does not come up
 */
export async function runProduct(
  options: StartOptions,
  folder: DataFolder,
  engine: EnsuredEngine,
  signal: AbortSignal,
  show: (line: string) => void,
): Promise<void> {
  const clock = createRealClock();
  const engineAddress = options.agent && engine.kind === 'engine' ? engine.address : undefined;
  const plans = planParts({ options, folder, webPort: await freePort(), engineAddress });
  let isUp = false;
  let coordinatorEnding: string | undefined;
  const parts = plans.map((plan) =>
    supervise(plan, {
      folder,
      clock,
      entropy: createRealEntropy(),
      onRestart(name, ending, waitMs) {
        if (name === 'coordinator') coordinatorEnding ??= ending;
        if (isUp) show(describeRestart(folder, name, ending, waitMs));
      },
      onLine: (name, line) => showProgress(name, line, show),
    }),
  );
  const watcher = engineAddress === undefined ? undefined : watchOwnEngine(folder, engineAddress, clock, show);
  try {
    await waitUntilUp(options, parts, () => coordinatorEnding, signal, folder);
    isUp = true;
    if (!signal.aborted) {
      const claimCode = readClaimCode(folder);
      const urls = listUrls(options, readLanAddresses());
      show(
        await renderBanner({
          urls,
          claimCode,
          device: describeDevice(options, engine),
          dataFolder: folder.root,
          ownCertificate: options.publicUrl === undefined && options.tls === undefined,
          colours: process.stdout.isTTY === true,
        }),
      );
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
  } finally {
    show('Stopping …');
    await watcher?.stop();
    for (const part of parts.toReversed()) await part.stop();
  }
}

/** @param endingOf how the coordinator ended, once it did */
async function waitUntilUp(
  options: StartOptions,
  parts: readonly Part[],
  endingOf: () => string | undefined,
  signal: AbortSignal,
  folder: DataFolder,
): Promise<void> {
  const isAlive = (): boolean => endingOf() === undefined && !signal.aborted;
  const coordinator = parts.find((part) => part.name === 'coordinator');
  const fail = (how: string): CommandRefused => coordinatorFailed(how, coordinator?.tail() ?? '', folder);
  const outcome = await untilReady(options, READY_MS, isAlive);
  if (outcome === 'timeout') throw fail(`took longer than ${READY_MS / 1000} s`);
  // The dashboard needs a moment longer; a person who opens it at once should not meet an error page.
  const deadline = AbortSignal.timeout(READY_MS);
  while (isAlive() && !deadline.aborted && (await statusOf(options, '/sign-in')) >= 500)
    await new Promise((resolve) => setTimeout(resolve, 100));
  // It may have answered once and died since: what never came up is not started again and again.
  const ending = endingOf();
  if (ending !== undefined) throw fail(ending);
}

function coordinatorFailed(how: string, tail: string, folder: DataFolder): CommandRefused {
  const lines = tail
    .trim()
    .split('\n')
    .slice(-6)
    .map((line) => `    ${line.slice(0, 400)}`);
  return new CommandRefused({
    problem: `the coordinator ${how} before it was ready. It said:\n${lines.join('\n')}`,
    remedy: `mend what it names; its whole log is ${logFile(folder, 'coordinator')}`,
  });
}

function describeDevice(options: StartOptions, engine: EnsuredEngine): string {
  if (!options.agent) return 'none here (--no-agent)';
  if (engine.kind === 'engine') return `this machine, ${engine.label}`;
  return `none here: ${engine.problem}\n              remedy: ${engine.remedy}; then start again`;
}

/** The code lies in a file until it is used. */
function readClaimCode(folder: DataFolder): string | undefined {
  try {
    return readFileSync(join(folder.coordinator, 'claim-code'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Steps of the start that a person should see: snapshot and migration of the database. */
function showProgress(name: string, line: string, show: (line: string) => void): void {
  if (name !== 'coordinator' || !/^\{.*"op":"database\.(snapshot|migrated)".*\}$/.test(line)) return;
  const event = JSON.parse(line) as { op: string; path?: string; from?: number; applied?: readonly string[] };
  if (event.op === 'database.snapshot') show(`Kept a snapshot of the database: ${event.path ?? ''}`);
  else if (event.from !== 0) show(`Migrated the database: ${(event.applied ?? []).join(', ')}`);
}
