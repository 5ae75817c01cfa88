import type { Clock } from '@cloudless/kernel';
import { CloudlessError, type Cause, type ComputeResources, type Engine } from '@cloudless/proto';
import type { ContainerExit, ContainerPlan, EngineView, ObservedContainer, Owner, RawLogLine, Runtime, RuntimeEvent } from '../runtime.ts';
import { FAKE_IMAGE, type FakeImage } from './fake-image.ts';

export type FakeRuntimeOptions = {
  readonly clock: Clock;
  readonly platform?: string;
  readonly capacity?: ComputeResources;
  /** Known images; another name gives `image_not_found`. A function decides by name. */
  readonly images?: Readonly<Record<string, Partial<FakeImage>>> | ((image: string) => Partial<FakeImage> | undefined);
  /** First of the ports that the engine chooses. */
  readonly firstPort?: number;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Container = {
  readonly plan: ContainerPlan;
  readonly observed: Mutable<ObservedContainer>;
  readonly lines: RawLogLine[];
  /** Grows with each start, so that a timer of an earlier run ends nothing. */
  run: number;
  startedAtMs: number;
  diskBytes: number;
};

/** A container engine in memory: deterministic, timed by the clock that is passed in, and breakable on request. */
export interface FakeRuntime extends Runtime {
  /** What the engine holds, of every owner. */
  readonly containers: readonly ObservedContainer[];
  /** Ends a running container as the kernel or a person would. */
  crash(containerId: string, exit?: Partial<Omit<ContainerExit, 'at'>>): void;
  /** Removes a container behind the agent's back. */
  vanish(containerId: string): void;
  /** The engine stops: calls fail, subscriptions end, and with `killContainers` everything that ran has ended. */
  goDown(cause?: Cause, killContainers?: boolean): void;
  comeUp(): void;
  readonly isDown: boolean;
  /** Makes pulls fail until called with `undefined`. */
  failPulls(error: CloudlessError | undefined): void;
  print(containerId: string, text: string): void;
  /** What a container has written. */
  fill(containerId: string, bytes: number): void;
  /** Starts so far, of all containers. */
  readonly starts: number;
  /** Grows with each change of what it holds. */
  readonly changes: number;
}

const DEFAULT_CAPACITY: ComputeResources = { cpuMillicores: 4000, memoryBytes: 8 * 2 ** 30 };
const DOWN: Cause = { code: 'engine_stopped', message: 'The container engine is stopped: start it.' };

export function createFakeRuntime(options: FakeRuntimeOptions): FakeRuntime {
  const { clock } = options;
  const platform = options.platform ?? 'linux/amd64';
  const containers = new Map<string, Container>();
  const pulled = new Set<string>();
  const watchers = new Set<{ owner: Owner; listener: (event: RuntimeEvent) => void; end: () => void }>();
  const waitingForLines = new Set<() => void>();
  let down: Cause | undefined;
  let pullFailure: CloudlessError | undefined;
  let created = 0;
  let starts = 0;
  let changes = 0;
  let outages = 0;
  let nextPort = options.firstPort ?? 32_768;

  const imageOf = (name: string): FakeImage | undefined => {
    const known = typeof options.images === 'function' ? options.images(name) : options.images ? options.images[name] : {};
    return known && { ...FAKE_IMAGE, platform, ...known };
  };
  const answers = (): void => {
    if (down) throw new CloudlessError('engine_unavailable', down.message);
  };
  /** A request that was under way when the engine stopped is gone, also when the engine is back by then. */
  const takes = async (ms: number, signal: AbortSignal): Promise<void> => {
    const before = outages;
    await clock.sleep(ms, signal);
    answers();
    if (outages !== before) throw new CloudlessError('engine_unavailable', DOWN.message);
  };
  const isOwn = (plan: ContainerPlan, owner: Owner): boolean =>
    plan.owner.clusterId === owner.clusterId && plan.owner.nodeId === owner.nodeId;
  const get = (id: string): Container => {
    const container = containers.get(id);
    if (!container) throw new CloudlessError('not_found', `The engine has no container ${id}`);
    return container;
  };
  /** As of an engine, words of an event come a moment after the fact. */
  const tell = ({ plan, observed }: Container): void => {
    changes += 1;
    const { allocationId, containerId } = observed;
    clock.setTimer(0, () => {
      for (const watcher of [...watchers]) if (isOwn(plan, watcher.owner)) watcher.listener({ allocationId, containerId });
    });
  };
  const news = (): void => {
    for (const resolve of [...waitingForLines]) resolve();
    waitingForLines.clear();
  };
  const print = (container: Container, text: string): void => {
    const timestampNs = `${String(clock.now()).padStart(13, '0')}${String(container.lines.length % 1_000_000).padStart(6, '0')}`;
    container.lines.push({ timestampNs, stream: 'stdout', text });
    news();
  };
  const end = (container: Container, exit: Omit<ContainerExit, 'at'>): void => {
    if (container.observed.state !== 'running') return;
    container.observed.state = 'exited';
    container.observed.hostPorts = {};
    container.observed.exit = { ...exit, at: clock.now() };
    container.run += 1;
    news();
    tell(container);
  };
  const isPortTaken = (plan: ContainerPlan, port: number): boolean =>
    [...containers.values()].some(
      (other) => other.plan !== plan && other.observed.state === 'running' && Object.values(other.observed.hostPorts).includes(port),
    );
  const bind = (plan: ContainerPlan): Record<string, number> => {
    const bound: Record<string, number> = {};
    for (const port of plan.ports) {
      if (port.hostPort > 0 && isPortTaken(plan, port.hostPort)) {
        throw new CloudlessError('port_taken', `Port ${port.hostPort} of this device is taken.`, { params: { port: port.hostPort } });
      }
      bound[port.name] = port.hostPort > 0 ? port.hostPort : nextPort++;
    }
    return bound;
  };
  const pullsWork = (): void => {
    if (pullFailure) throw pullFailure;
  };
  const view = (): EngineView => {
    if (down) return { engine: { state: 'stopped', cause: down }, capacity: { cpuMillicores: 0, memoryBytes: 0 } };
    const engine: Engine = { state: 'ready', name: 'fake', version: '1', platform, runtimes: ['fake'], cgroup: 'v2', rootless: false };
    return { engine, capacity: options.capacity ?? DEFAULT_CAPACITY };
  };

  return {
    get containers() {
      return [...containers.values()].map(({ observed }) => ({ ...observed }));
    },
    get starts() {
      return starts;
    },
    get changes() {
      return changes;
    },
    probe: () => Promise.resolve(view()),
    async watch(owner, listener, signal) {
      answers();
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      const watcher = { owner, listener, end: () => (watchers.delete(watcher), resolve()) };
      watchers.add(watcher);
      signal.addEventListener('abort', watcher.end, { once: true });
      if (signal.aborted) watcher.end();
      return { ended };
    },
    async list(owner, allocationId, signal) {
      signal.throwIfAborted();
      answers();
      const own = [...containers.values()].filter(
        ({ plan }) => isOwn(plan, owner) && (allocationId === undefined || plan.allocationId === allocationId),
      );
      return own.map(({ observed }) => ({ ...observed }));
    },
    async findImage(image) {
      answers();
      const known = imageOf(image);
      if (!known || (known.pullMs > 0 && !pulled.has(image))) return undefined;
      return { imageId: `sha256:${image}`, platform: known.platform };
    },
    async pull(image, onProgress, signal) {
      answers();
      const known = imageOf(image);
      pullsWork();
      if (!known) throw new CloudlessError('image_not_found', `No registry has ${image}.`);
      onProgress({ currentBytes: 0, totalBytes: known.bytes });
      await takes(known.pullMs, signal);
      pullsWork();
      pulled.add(image);
      onProgress({ currentBytes: known.bytes, totalBytes: known.bytes });
    },
    async load(archive) {
      answers();
      for await (const chunk of archive) void chunk;
    },
    async create(plan, signal) {
      signal.throwIfAborted();
      answers();
      if (!imageOf(plan.image)) throw new CloudlessError('image_not_found', `The engine has no image ${plan.image}.`);
      created += 1;
      const containerId = `fake${String(created).padStart(8, '0')}`;
      const { allocationId, generation, specHash, graceMs } = plan;
      const observed: ObservedContainer = {
        containerId,
        allocationId,
        generation,
        specHash,
        graceMs,
        state: 'created',
        createdAt: clock.now() + created / 1e6,
        hostPorts: {},
      };
      const container: Container = { plan, observed: { ...observed }, lines: [], run: 0, startedAtMs: 0, diskBytes: 0 };
      containers.set(containerId, container);
      tell(container);
      return containerId;
    },
    async start(containerId, signal) {
      answers();
      const container = get(containerId);
      if (container.observed.state === 'running') return;
      const image = imageOf(container.plan.image) ?? FAKE_IMAGE;
      await takes(image.startMs, signal);
      get(containerId);
      if (image.refuses !== undefined) throw new CloudlessError('container_refused', `The engine refused to start it: ${image.refuses}`);
      const hostPorts = bind(container.plan);
      container.observed.state = 'running';
      container.observed.hostPorts = hostPorts;
      delete container.observed.exit;
      container.run += 1;
      container.startedAtMs = clock.bootMs();
      starts += 1;
      container.diskBytes += image.writesBytes;
      const { run } = container;
      for (const line of image.prints) print(container, line);
      const { exits } = image;
      if (exits) clock.setTimer(exits.afterMs, () => container.run === run && end(container, exits.exit));
      tell(container);
    },
    async stop(containerId, graceMs, signal) {
      answers();
      const container = containers.get(containerId);
      if (container?.observed.state !== 'running') return;
      const image = imageOf(container.plan.image) ?? FAKE_IMAGE;
      const obeys = image.stopMs <= graceMs;
      await takes(Math.min(image.stopMs, graceMs), signal);
      end(container, { code: obeys ? 143 : 137, oomKilled: false });
    },
    async kill(containerId) {
      answers();
      const container = containers.get(containerId);
      if (container) end(container, { code: 137, oomKilled: false });
    },
    async remove(containerId) {
      answers();
      const container = containers.get(containerId);
      if (!container) return;
      end(container, { code: 137, oomKilled: false });
      containers.delete(containerId);
      news();
      tell(container);
    },
    async *logs(containerId, sinceNs, signal) {
      answers();
      const container = get(containerId);
      let at = 0;
      for (;;) {
        while (at < container.lines.length) {
          const line = container.lines[at];
          at += 1;
          if (line && (sinceNs === undefined || line.timestampNs >= sinceNs)) yield line;
        }
        if (container.observed.state !== 'running' || down || !containers.has(containerId)) return;
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        waitingForLines.add(resolve);
        const onAbort = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        await promise.finally(() => {
          waitingForLines.delete(resolve);
          signal.removeEventListener('abort', onAbort);
        });
      }
    },
    async diskUse(owner) {
      answers();
      const own = [...containers.values()].filter(({ plan }) => isOwn(plan, owner));
      return own.map(({ observed: { containerId, allocationId }, diskBytes: bytes }) => ({ containerId, allocationId, bytes }));
    },
    async usage(containerId) {
      answers();
      const container = containers.get(containerId);
      if (container?.observed.state !== 'running') return undefined;
      const { usage } = imageOf(container.plan.image) ?? FAKE_IMAGE;
      const ranMs = clock.bootMs() - container.startedAtMs;
      return { cpuNs: ranMs * usage.cpuMillicores * 1000, memoryBytes: usage.memoryBytes, networkRxBytes: 0, networkTxBytes: 0 };
    },
    crash: (containerId, exit = {}) => end(get(containerId), { code: exit.code ?? 1, oomKilled: exit.oomKilled ?? false }),
    vanish(containerId) {
      const container = get(containerId);
      end(container, { code: 137, oomKilled: false });
      containers.delete(containerId);
      tell(container);
    },
    goDown(cause = DOWN, killContainers = false) {
      if (killContainers) for (const container of containers.values()) end(container, { code: 137, oomKilled: false });
      down = cause;
      outages += 1;
      for (const watcher of [...watchers]) watcher.end();
      news();
    },
    comeUp() {
      down = undefined;
    },
    get isDown() {
      return down !== undefined;
    },
    failPulls(error) {
      pullFailure = error;
    },
    print: (containerId, text) => print(get(containerId), text),
    fill: (containerId, bytes) => void (get(containerId).diskBytes = bytes),
  };
}
