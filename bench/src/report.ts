import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Measure, Result } from './figures.ts';

const round = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

function row(measure: Measure): string {
  const spread = measure.figures
    ? `${round(measure.figures.p50)} / ${round(measure.figures.p95)} / ${round(measure.figures.p99)} (n=${measure.figures.n})`
    : '';
  const met = measure.met === undefined ? '' : measure.met ? 'met' : '**missed**';
  return `| ${measure.name} | ${round(measure.value)} ${measure.unit} | ${spread} | ${measure.goal ?? ''} | ${met} | ${measure.note ?? ''} |`;
}

/** The table that a run prints and that `docs/benchmarks.md` shows. */
export function tableOf(result: Result): string {
  return [
    `### ${result.id} ${result.title}`,
    '',
    result.method,
    '',
    '| measure | value | P50 / P95 / P99 | goal | | note |',
    '|---|---|---|---|---|---|',
    ...result.measures.map(row),
    '',
    ...(result.leftOut.length > 0 ? [`Left out: ${result.leftOut.join('; ')}.`, ''] : []),
  ].join('\n');
}

/** What the figures depend on. */
export const machineLine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`;

/** Writes one JSON a benchmark and the table of all to `docs/benchmarks.md`. `at` is the wall time of the run. */
export async function writeReport(repository: string, results: readonly Result[], at: Date): Promise<void> {
  const folder = join(repository, 'bench', 'results');
  await mkdir(folder, { recursive: true });
  const head = { machine: machineLine(), at: at.toISOString() };
  for (const result of results) {
    await writeFile(join(folder, `${result.id.toLowerCase()}.json`), `${JSON.stringify({ ...head, ...result }, null, 1)}\n`);
  }
}
