import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chooseEngine } from '../engine/choose-engine.ts';
import { probeEngines, readMachineFacts } from '../engine/machine-facts.ts';
import { runProgram } from '../programs/run-program.ts';
import type { DataFolder } from '../start/data-folder.ts';
import { findLeftovers } from '../start/leftovers.ts';
import { runningPid } from '../start/pid-file.ts';
import type { Installed, Labelled } from './plan.ts';

/** The cluster whose labels mark what is ours on the engine; nothing without labels of this very cluster is touched. */
export function readClusterId(coordinatorFolder: string): string | undefined {
  const path = join(coordinatorFolder, 'cloudless.db');
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const row = database.prepare('SELECT id FROM cluster').get();
    return typeof row?.['id'] === 'string' ? row['id'] : undefined;
  } catch {
    return undefined;
  } finally {
    database.close();
  }
}

function readSupervisor(folder: DataFolder): Installed['programs'] {
  try {
    const pid = runningPid(readFileSync(join(folder.run, 'lock'), 'utf8'));
    return pid === undefined ? [] : [{ name: 'npm start', pid }];
  } catch {
    return [];
  }
}

export async function findEngineAddress(): Promise<string | undefined> {
  const choice = chooseEngine(await probeEngines(process.env), readMachineFacts(process.env));
  return choice.kind === 'use' ? choice.engine.address : undefined;
}

async function listLabelled(engine: string, argv: readonly string[]): Promise<readonly Labelled[]> {
  const ran = await runProgram(['docker', '--host', engine, ...argv]);
  const rows = ran.stdout.split('\n').filter((line) => line !== '');
  return rows.map((row) => {
    const [id = '', name = ''] = row.split('\t');
    return { id, name };
  });
}

/** Everything that this data folder's Cloudless has on the machine. */
export async function findInstalled(folder: DataFolder, engine: string | undefined): Promise<Installed> {
  const cluster = readClusterId(folder.coordinator);
  const filter = ['--filter', `label=io.cloudless.cluster=${cluster ?? ''}`];
  const isKnown = engine !== undefined && cluster !== undefined;
  return {
    dataFolder: folder.root,
    dataExists: existsSync(folder.root),
    programs: [...readSupervisor(folder), ...findLeftovers(folder)],
    containers: isKnown ? await listLabelled(engine, ['ps', '--all', '--no-trunc', ...filter, '--format', '{{.ID}}\t{{.Names}}']) : [],
    images: isKnown ? await listLabelled(engine, ['images', '--no-trunc', ...filter, '--format', '{{.ID}}\t{{.Repository}}:{{.Tag}}']) : [],
  };
}
