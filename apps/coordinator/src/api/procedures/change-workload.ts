import { isDeepStrictEqual } from 'node:util';
import { CloudlessError, saying, type EventKind, type ProcedureInput, type WorkloadRow, type WorkloadSpec } from '@cloudless/proto';

export type WorkloadChange = {
  readonly row: WorkloadRow;
  readonly kind: EventKind;
  readonly message: string;
  readonly params?: Readonly<Record<string, string | number>>;
};

/** @throws CloudlessError `stale`, `not_found` when it is being deleted */
export function checkGeneration(row: WorkloadRow, ifGeneration: number | undefined): void {
  if (row.deletedAt !== undefined)
    throw new CloudlessError('not_found', `${row.name} is being deleted.`, saying('appBeingDeleted', { name: row.name }));
  if (ifGeneration === undefined || ifGeneration === row.generation) return;
  throw new CloudlessError(
    'stale',
    `${row.name} is at generation ${row.generation}, and the change was made for ${ifGeneration}.`,
    saying('changedMeanwhile', { name: row.name, generation: row.generation, ifGeneration }),
  );
}

/** The next generation; `needsContainers` when what runs must be replaced for it. */
function nextRow(row: WorkloadRow, now: number, change: Partial<WorkloadRow>, needsContainers = false): WorkloadRow {
  const generation = row.generation + 1;
  return { ...row, ...change, generation, ...(needsContainers ? { templateGeneration: generation } : {}), updatedAt: now };
}

/** What a running container cannot follow. A lease is such a thing: its length was granted to the allocation that is there. */
function templateOf({ replicas: _, disconnect, ...template }: WorkloadSpec): unknown {
  return template.exclusive ? { ...template, leaseMs: disconnect.stopAfterMs } : template;
}

/** The row that a person's change makes, or nothing when it is so already. */
export const changes = {
  update(row: WorkloadRow, input: ProcedureInput<'workload.update'>, now: number): WorkloadChange | undefined {
    const { spec, labels = row.labels } = input;
    const needsContainers = !isDeepStrictEqual(templateOf(spec), templateOf(row.spec));
    if (isDeepStrictEqual([spec, labels], [row.spec, row.labels])) return undefined;
    return {
      row: nextRow(row, now, { spec, labels }, needsContainers),
      kind: 'workload.updated',
      message: needsContainers ? `${row.name} was changed; its replicas are replaced one by one` : `${row.name} was changed`,
    };
  },
  scale(row: WorkloadRow, { replicas }: { readonly replicas: number }, now: number): WorkloadChange | undefined {
    const before = row.spec.replicas;
    if (before === replicas) return undefined;
    return {
      row: nextRow(row, now, { spec: { ...row.spec, replicas } }),
      kind: 'workload.scaled',
      message: `${row.name} was scaled from ${before} to ${replicas}`,
      params: { before, replicas },
    };
  },
  restart: (row: WorkloadRow, now: number): WorkloadChange => ({
    row: nextRow(row, now, { runState: 'running' }, true),
    kind: 'workload.restarted',
    message: `${row.name} was restarted; its replicas are replaced one by one`,
  }),
  stop(row: WorkloadRow, now: number): WorkloadChange | undefined {
    if (row.runState === 'stopped') return undefined;
    return { row: nextRow(row, now, { runState: 'stopped' }), kind: 'workload.stopped', message: `${row.name} was stopped` };
  },
  start(row: WorkloadRow, now: number): WorkloadChange | undefined {
    if (row.runState === 'running') return undefined;
    return { row: nextRow(row, now, { runState: 'running' }), kind: 'workload.started', message: `${row.name} was started` };
  },
  remove: (row: WorkloadRow, now: number): WorkloadChange => ({
    row: nextRow(row, now, { deletedAt: now }),
    kind: 'workload.deleteRequested',
    message: `${row.name} is deleted: its replicas stop, then nothing of it is left`,
  }),
} as const;
