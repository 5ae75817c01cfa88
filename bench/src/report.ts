import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Measure, Result } from './figures.ts';
import { PEERS, type Peer } from './peers.ts';

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
    ...peerLines(PEERS[result.id]),
  ].join('\n');
}

const FROM: Readonly<Record<Peer['from'], string>> = { here: 'run here, beside it', elsewhere: 'on other machines' };

function peerLines(peers: readonly Peer[] = []): string[] {
  if (peers.length === 0) return [];
  return [
    '| peer | figure | | note |',
    '|---|---|---|---|',
    ...peers.map(({ name, figure, from, note = '' }) => `| ${name} | ${figure} | ${FROM[from]} | ${note} |`),
    '',
  ];
}

/** What the figures depend on. */
const machineLine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`;

/** Keeps a result with its raw samples, and makes `docs/benchmarks.md` anew from every result that is kept. */
export async function writeReport(repository: string, result: Result, at: Date): Promise<void> {
  const folder = join(repository, 'bench', 'results');
  await mkdir(folder, { recursive: true });
  const kept: KeptResult = { machine: machineLine(), at: at.toISOString(), ...result };
  await writeFile(join(folder, `${result.id.toLowerCase()}.json`), `${JSON.stringify(kept)}\n`);
  await writeFile(join(repository, 'docs', 'benchmarks.md'), pageOf(await readResults(folder)));
}

type KeptResult = Result & { readonly machine: string; readonly at: string };

async function readResults(folder: string): Promise<readonly KeptResult[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const results = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as KeptResult));
  return results.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

const pageOf = (results: readonly KeptResult[]): string =>
  [
    '# Benchmarks',
    '',
    'Made by `npm run bench`; raw samples are in `bench/results`. Figures are of the machine named under each table and of no other.',
    '',
    ...results.flatMap((result) => [tableOf(result), `Measured ${result.at.slice(0, 10)} on ${result.machine}.`, '']),
  ].join('\n');
