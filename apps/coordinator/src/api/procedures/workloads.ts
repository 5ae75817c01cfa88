import {
  CloudlessError,
  ID_PREFIX,
  isTerminalPhase,
  saying,
  type BatchId,
  type ProcedureInput,
  type ProcedureOutput,
  type Workload,
  type WorkloadId,
  type WorkloadRow,
  type WorkloadSpec,
} from '@cloudless/proto';
import { previewPlan } from '@cloudless/scheduler';
import type { Call, Handlers } from '../call.ts';
import type { ApiParts } from '../../parts.ts';
import type { Caller } from '../../people/people.ts';
import { readSnapshot } from '../../planner/index.ts';
import { createTurns } from '../in-turn.ts';
import { getWorkload, listOwned, ownedInOrder, pageOf } from '../owned-rows.ts';
import { workloadIdOf } from '../request-id.ts';
import type { Views } from '../views.ts';
import { tell, writeRows } from '../write-rows.ts';
import { changes, checkGeneration, type WorkloadChange } from './change-workload.ts';

type Names = Extract<keyof Handlers, `workload.${string}` | 'allocation.list'>;
type Parts = Pick<ApiParts, 'store' | 'clock' | 'entropy' | 'allocateGatewayPort' | 'deploy'>;
type Changing = 'workload.update' | 'workload.scale' | 'workload.restart' | 'workload.stop' | 'workload.start' | 'workload.delete';

/** Apps and their replicas. */
export function createWorkloadProcedures(parts: Parts, { viewWorkload, viewAllocation }: Views): Pick<Handlers, Names> {
  const { store, clock, entropy } = parts;
  const inTurn = createTurns();

  function buildRow({ caller, input }: Call<'workload.create'> | Call<'workload.plan'>, id: WorkloadId): WorkloadRow {
    const now = clock.now();
    const { orgId, projectId } = caller;
    const common = { generation: 1, templateGeneration: 1, runState: 'running', createdAt: now, updatedAt: now } as const;
    return { id, orgId, projectId, ...input.metadata, spec: input.spec, ...common };
  }

  const wantsPort = ({ ports }: WorkloadSpec): boolean => ports.some(({ protocol }) => protocol === 'TCP');

  /** Ports are given in turn, because one is free until the app that has it is stored. */
  const withPort = <T>(spec: WorkloadSpec, write: () => Promise<T>): Promise<T> => (wantsPort(spec) ? inTurn('ports', write) : write());

  /** An app keeps its port for as long as it exists, so that its URL is stable. */
  async function gatewayPortFor(spec: WorkloadSpec, given: number | undefined): Promise<Pick<WorkloadRow, 'gatewayPort'>> {
    if (given === undefined && !wantsPort(spec)) return {};
    return { gatewayPort: given ?? (await parts.allocateGatewayPort()) };
  }

  function refuseTakenName(caller: Caller, name: string): void {
    for (const { row } of store.list('workload')) {
      if (row.projectId !== caller.projectId || row.name !== name) continue;
      if (row.deletedAt === undefined)
        throw new CloudlessError('name_taken', `There is an app called ${name} already.`, saying('appNameTaken', { name }));
      throw new CloudlessError(
        'name_taken',
        `There is an app called ${name} already, which is being deleted.`,
        saying('appNameBeingDeleted', { name }),
      );
    }
  }

  async function create(call: Call<'workload.create'>): Promise<Workload> {
    const { caller, input } = call;
    const { name } = input.metadata;
    const id = call.requestId === undefined ? (entropy.id(ID_PREFIX.workload) as WorkloadId) : workloadIdOf(call.requestId);
    const made = store.get('workload', id);
    if (made) return viewWorkload(made, call.headers);
    refuseTakenName(caller, name);
    const built = buildRow(call, id);
    const row = { ...built, ...(await gatewayPortFor(built.spec, undefined)) };
    const message = `${caller.name} deployed ${name} from ${input.spec.image}`;
    const params = { workload: name, image: input.spec.image, replicas: input.spec.replicas };
    const event = tell(parts, caller, { kind: 'workload.created', workloadId: row.id, projectId: row.projectId, params, message });
    const put = { kind: 'put', table: 'workload', row, expect: 'absent' } as const;
    const outcome = await parts.deploy({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [put, event] });
    if (outcome.kind === 'stale') throw new CloudlessError('stale', `The app ${name} was made by another request.`);
    return viewWorkload(getWorkload(store, row.id, caller), call.headers);
  }

  async function change<N extends Changing>(
    { caller, input, headers }: Call<N>,
    decide: (row: WorkloadRow, now: number) => WorkloadChange | undefined,
  ): Promise<Workload | undefined> {
    const { workloadId, ifGeneration } = input;
    const read = () => getWorkload(store, workloadId, caller);
    await writeRows(parts, read, ({ row, version }) => {
      checkGeneration(row, ifGeneration);
      const changed = decide(row, clock.now());
      if (!changed) return [];
      const { kind, message } = changed;
      const params = { workload: row.name, ...changed.params };
      const told = { kind, message, params, workloadId: row.id, projectId: row.projectId };
      return [{ kind: 'put', table: 'workload', row: changed.row, expect: version }, tell(parts, caller, told)];
    });
    const after = store.get('workload', workloadId);
    return after && viewWorkload(after, headers);
  }
  async function changeAndView<N extends Changing>(call: Call<N>, decide: (row: WorkloadRow, now: number) => WorkloadChange | undefined) {
    const view = await change(call, decide);
    if (!view) throw new CloudlessError('not_found', `The app ${call.input.workloadId} was deleted meanwhile.`);
    return view;
  }

  function plan(call: Call<'workload.plan'>): ProcedureOutput<'workload.plan'> {
    const { caller, input } = call;
    const existing = input.workloadId && getWorkload(store, input.workloadId, caller).row;
    const fresh = buildRow(call, existing?.id ?? (entropy.id(ID_PREFIX.workload) as WorkloadId));
    const row = existing ? { ...existing, spec: input.spec } : fresh;
    return previewPlan(readSnapshot(store, { now: clock.now(), seed: 1 }), row);
  }

  function previewDeletion({ caller, input, headers }: Call<'workload.deletePreview'>): ProcedureOutput<'workload.deletePreview'> {
    const found = getWorkload(store, input.workloadId, caller);
    const { url } = viewWorkload(found, headers);
    const replicas = store
      .allocationsOfWorkload(found.row.id)
      .filter(({ row }) => !isTerminalPhase(row.observed.phase))
      .map(({ row }) => ({ allocationId: row.id, nodeName: viewAllocation(row).nodeName, phase: row.observed.phase }));
    return { name: found.row.name, replicas, ...(url === undefined ? {} : { url }), keeps: ['its events, for as long as events are kept'] };
  }

  function listAllocations(caller: Call<'allocation.list'>['caller'], input: ProcedureInput<'allocation.list'>) {
    const { workloadId, nodeId } = input;
    const all = workloadId ? store.allocationsOfWorkload(workloadId) : nodeId ? store.allocationsOfNode(nodeId) : store.list('allocation');
    const rows = ownedInOrder(all, caller).filter(({ row }) => nodeId === undefined || row.nodeId === nodeId);
    return pageOf(rows, input, ({ row }) => viewAllocation(row));
  }

  return {
    'workload.list': ({ caller, input, headers }) =>
      Promise.resolve(pageOf(listOwned(store, 'workload', caller), input, (found) => viewWorkload(found, headers))),
    'workload.get': ({ caller, input, headers }) =>
      Promise.resolve().then(() => viewWorkload(getWorkload(store, input.workloadId, caller), headers)),
    'workload.plan': (call) => Promise.resolve().then(() => plan(call)),
    // Apps of one name in turn: the second is told of the first, or finds that it is the same.
    'workload.create': (call) =>
      inTurn(`name ${call.caller.projectId}/${call.input.metadata.name}`, () => withPort(call.input.spec, () => create(call))),
    'workload.update': (call) =>
      withPort(call.input.spec, async () => {
        const { row: before } = getWorkload(store, call.input.workloadId, call.caller);
        const given = await gatewayPortFor(call.input.spec, before.gatewayPort);
        return changeAndView(call, (row, now) => {
          const changed = changes.update(row, call.input, now);
          return changed && { ...changed, row: { ...changed.row, ...given } };
        });
      }),
    'workload.scale': (call) => changeAndView(call, (row, now) => changes.scale(row, call.input, now)),
    'workload.restart': (call) => changeAndView(call, changes.restart),
    'workload.stop': (call) => changeAndView(call, changes.stop),
    'workload.start': (call) => changeAndView(call, changes.start),
    'workload.deletePreview': (call) => Promise.resolve().then(() => previewDeletion(call)),
    async 'workload.delete'(call) {
      const { row } = getWorkload(store, call.input.workloadId, call.caller);
      if (row.deletedAt === undefined) await change(call, changes.remove);
      return { ok: true };
    },
    'allocation.list': ({ caller, input }) => Promise.resolve(listAllocations(caller, input)),
  };
}
