import { setTimeout as sleepFor } from 'node:timers/promises';
import type { AllocationId, ClusterId, NodeId, WorkloadId } from '@cloudless/proto';
import { expect, test } from 'vitest';
import type { ContainerPlan, ObservedContainer, Owner, RawLogLine, Runtime, RuntimeEvent } from '../runtime.ts';

/** Programs that every engine under test can run. */
export type ContractPrograms = {
  /** Prints `hello` and stays until it is asked to end. */
  readonly stays: Pick<ContainerPlan, 'image' | 'command' | 'args'>;
  /** Ends at once with code 3. */
  readonly exits3: Pick<ContainerPlan, 'image' | 'command' | 'args'>;
  /** Writes 3 MiB, prints `written` and stays. */
  readonly writes: Pick<ContainerPlan, 'image' | 'command' | 'args'>;
  readonly missingImage: string;
};

export type ContractSubject = { readonly runtime: Runtime; readonly programs: ContractPrograms };

const LIMIT_MS = 10_000;
let made = 0;
const letters = (prefix: string, count: number): string =>
  `${prefix}_${[...String(count).padStart(5, '0')]
    .map((digit) => 'abcdefghij'.charAt(Number(digit)))
    .join('')
    .padEnd(26, 'a')}`;

/** What every engine does, the real one and the fake: both are proved by these. */
export function runtimeContract(open: () => Promise<ContractSubject>): void {
  const signal = new AbortController().signal;
  const run = Math.floor(performance.timeOrigin % 10_000);
  const owner: Owner = { clusterId: letters('cluster', run) as ClusterId, nodeId: letters('node', run) as NodeId };

  function plan(program: Pick<ContainerPlan, 'image' | 'command' | 'args'>, more: Partial<ContainerPlan> = {}): ContainerPlan {
    made += 1;
    const allocationId = letters('alloc', run * 10 + made) as AllocationId;
    return {
      owner,
      allocationId,
      workloadId: letters('wl', 1) as WorkloadId,
      workloadName: 'contract',
      generation: 7,
      specHash: 'abc',
      name: `cloudless-contract-${run}-${made}`,
      env: { GREETING: 'hello' },
      limits: { cpuMillicores: 500, memoryBytes: 64 * 2 ** 20, pids: 50 },
      ports: [{ name: 'http', containerPort: 8080, hostPort: 0, protocol: 'TCP', expose: 'device' }],
      graceMs: 1000,
      exclusive: false,
      readOnlyRoot: false,
      stdinOpen: false,
      ...program,
      ...more,
    };
  }

  /** Looks until it is so, as the agent's loop would; engines take their time. */
  async function seen(
    runtime: Runtime,
    own: ContainerPlan,
    isSo: (container: ObservedContainer | undefined) => boolean,
  ): Promise<ObservedContainer | undefined> {
    const until = performance.now() + LIMIT_MS;
    for (;;) {
      const [container] = await runtime.list(own.owner, own.allocationId, signal);
      if (isSo(container) || performance.now() > until) return container;
      await sleepFor(20);
    }
  }

  async function withContainer(own: ContainerPlan, runtime: Runtime, work: (containerId: string) => Promise<void>): Promise<void> {
    const containerId = await runtime.create(own, signal);
    try {
      await work(containerId);
    } finally {
      await runtime.remove(containerId, signal);
    }
  }

  test('a container goes from created to running to exited to gone, and keeps its labels', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    await withContainer(own, runtime, async (id) => {
      const created = await seen(runtime, own, (container) => container?.state === 'created');
      expect(created).toMatchObject({
        containerId: id,
        allocationId: own.allocationId,
        generation: 7,
        specHash: 'abc',
        state: 'created',
        graceMs: 1000,
        hostPorts: {},
      });
      await runtime.start(id, signal);
      await runtime.start(id, signal);
      const running = await seen(runtime, own, (container) => container?.state === 'running');
      expect(running?.hostPorts['http']).toBeGreaterThan(1023);
      await runtime.stop(id, 1000, signal);
      await runtime.stop(id, 1000, signal);
      const exited = await seen(runtime, own, (container) => container?.state === 'exited');
      expect(exited).toMatchObject({ state: 'exited', hostPorts: {} });
      expect(exited?.exit?.at).toBeGreaterThan(1_600_000_000_000);
    });
    expect(await runtime.list(owner, own.allocationId, signal)).toEqual([]);
  });

  test('what is gone can be stopped, killed and removed again', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    const id = await runtime.create(own, signal);
    await runtime.remove(id, signal);
    await runtime.stop(id, 100, signal);
    await runtime.kill(id, signal);
    await runtime.remove(id, signal);
    await expect(runtime.start(id, signal)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a killed container shows exit code 137, a failing one its own', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    await withContainer(own, runtime, async (id) => {
      await runtime.start(id, signal);
      await runtime.kill(id, signal);
      expect((await seen(runtime, own, (container) => container?.state === 'exited'))?.exit).toMatchObject({ code: 137, oomKilled: false });
    });
    const failing = plan(programs.exits3);
    await withContainer(failing, runtime, async (id) => {
      await runtime.start(id, signal);
      expect((await seen(runtime, failing, (container) => container?.state === 'exited'))?.exit?.code).toBe(3);
    });
  });

  test("another node's containers are neither listed nor told of", async () => {
    const { runtime, programs } = await open();
    const foreign = plan(programs.stays, { owner: { ...owner, nodeId: letters('node', run + 1) as NodeId } });
    const events: RuntimeEvent[] = [];
    const stop = new AbortController();
    const { ended } = await runtime.watch(owner, (event) => events.push(event), stop.signal);
    await withContainer(foreign, runtime, async (id) => {
      await runtime.start(id, signal);
      expect(await runtime.list(owner, undefined, signal)).toEqual([]);
      expect(await runtime.list(foreign.owner, undefined, signal)).toHaveLength(1);
    });
    stop.abort();
    await ended;
    expect(events).toEqual([]);
  });

  test('what happens after a subscription is told, and the subscription ends when asked', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    const stop = new AbortController();
    const told = Promise.withResolvers<RuntimeEvent>();
    const { ended } = await runtime.watch(owner, told.resolve, stop.signal);
    await withContainer(own, runtime, async (id) => {
      await runtime.start(id, signal);
      expect(await told.promise).toEqual({ allocationId: own.allocationId, containerId: id });
    });
    stop.abort();
    await ended;
  });

  test('who looks as soon as an end is told sees the end', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    const stop = new AbortController();
    let told = Promise.withResolvers<void>();
    const { ended } = await runtime.watch(owner, () => told.resolve(), stop.signal);
    await withContainer(own, runtime, async (id) => {
      await runtime.start(id, signal);
      await told.promise;
      await sleepFor(50);
      told = Promise.withResolvers();
      await runtime.kill(id, signal);
      await told.promise;
      expect((await runtime.list(owner, own.allocationId, signal))[0]?.state).toBe('exited');
    });
    stop.abort();
    await ended;
  });

  test('logs carry what was printed, resume inclusively, and end with the container', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    await withContainer(own, runtime, async (id) => {
      await runtime.start(id, signal);
      const lines: RawLogLine[] = [];
      for await (const line of runtime.logs(id, undefined, signal)) {
        lines.push(line);
        if (lines.length === 1) await runtime.stop(id, 500, signal);
      }
      expect(lines[0]).toMatchObject({ stream: 'stdout', text: 'hello' });
      expect(lines[0]?.timestampNs).toMatch(/^\d{19}$/);
      const again: RawLogLine[] = [];
      for await (const line of runtime.logs(id, lines[0]?.timestampNs, signal)) again.push(line);
      expect(again[0]).toEqual(lines[0]);
    });
  });

  test('reading logs stops when asked', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    await withContainer(own, runtime, async (id) => {
      await runtime.start(id, signal);
      const stop = new AbortController();
      const read = async (): Promise<void> => {
        for await (const line of runtime.logs(id, undefined, stop.signal)) if (line.text === 'hello') stop.abort(new Error('enough'));
      };
      await expect(read()).rejects.toThrow('enough');
    });
  });

  test('a missing image is named as missing', async () => {
    const { runtime, programs } = await open();
    expect(await runtime.findImage(programs.missingImage, signal)).toBeUndefined();
    await expect(runtime.create(plan({ image: programs.missingImage }), signal)).rejects.toMatchObject({ code: 'image_not_found' });
  });

  test('a port that another holds is named as taken', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    await withContainer(own, runtime, async (id) => {
      await runtime.start(id, signal);
      const hostPort = (await seen(runtime, own, (container) => container?.state === 'running'))?.hostPorts['http'] ?? 0;
      const second = plan(programs.stays, { ports: [{ name: 'http', containerPort: 8080, hostPort, protocol: 'TCP', expose: 'device' }] });
      await withContainer(second, runtime, async (other) => {
        await expect(runtime.start(other, signal)).rejects.toMatchObject({ code: 'port_taken' });
      });
    });
  });

  test('what a container wrote to the disk is measured, and of its own node only', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.writes);
    await withContainer(own, runtime, async (id) => {
      expect(await runtime.diskUse(owner, signal)).toMatchObject([{ containerId: id, allocationId: own.allocationId, bytes: 0 }]);
      await runtime.start(id, signal);
      for await (const { text } of runtime.logs(id, undefined, signal)) if (text === 'written') break;
      const [use] = await runtime.diskUse(owner, signal);
      expect(use?.bytes).toBeGreaterThanOrEqual(3 * 2 ** 20);
      expect(use?.bytes).toBeLessThan(4 * 2 ** 20);
      expect(await runtime.diskUse({ ...owner, nodeId: letters('node', run + 1) as NodeId }, signal)).toEqual([]);
    });
  });

  test('use is told of what runs and of nothing else', async () => {
    const { runtime, programs } = await open();
    const own = plan(programs.stays);
    await withContainer(own, runtime, async (id) => {
      expect(await runtime.usage(id, signal)).toBeUndefined();
      await runtime.start(id, signal);
      expect((await runtime.usage(id, signal))?.memoryBytes).toBeGreaterThan(0);
    });
    expect(await runtime.usage('0'.repeat(64), signal)).toBeUndefined();
  });
}
