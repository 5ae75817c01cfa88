import type { AllocationId, ClusterId, ComputeResources, Engine, NodeId, WorkloadId } from '@cloudless/proto';

/** Whose containers: an agent sees and touches only what carries its own cluster *and* node. */
export type Owner = { readonly clusterId: ClusterId; readonly nodeId: NodeId };

export type PlannedPort = {
  readonly name: string;
  readonly containerPort: number;
  /** 0: the engine chooses. */
  readonly hostPort: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly expose: 'device' | 'lan';
};

/** Everything a container is made of. What is not here cannot be asked for: the adapter forwards no other field to the engine. */
export type ContainerPlan = {
  readonly owner: Owner;
  readonly allocationId: AllocationId;
  readonly workloadId: WorkloadId;
  readonly workloadName: string;
  /** Assignment generation that it was made for. */
  readonly generation: number;
  readonly specHash: string;
  readonly name: string;
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  /** Replaces the image's command. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly limits: ComputeResources & { readonly pids: number };
  readonly ports: readonly PlannedPort[];
  readonly graceMs: number;
  /** Runs only under a lease. */
  readonly exclusive: boolean;
  /** For images that Cloudless itself assembles. */
  readonly readOnlyRoot: boolean;
  /** The image's program ends when its standard input does. */
  readonly stdinOpen: boolean;
};

export type ContainerExit = { readonly code: number; readonly oomKilled: boolean; readonly at: number };

/** One of the agent's own containers as the engine tells it. */
export type ObservedContainer = {
  readonly containerId: string;
  readonly allocationId: AllocationId;
  readonly generation: number;
  readonly specHash: string;
  readonly state: 'created' | 'running' | 'paused' | 'exited';
  readonly createdAt: number;
  readonly graceMs: number;
  /** By port name; only while it runs. */
  readonly hostPorts: Readonly<Record<string, number>>;
  readonly exit?: ContainerExit;
};

/** Something happened to an own container: observe it again. Level-triggered, so nothing else is told. */
export type RuntimeEvent = { readonly allocationId: AllocationId; readonly containerId: string };

export type EngineView = {
  readonly engine: Engine;
  /** What the engine can give to containers; zeros while it is not ready. `storageRoot` is its data folder as it names it. */
  readonly capacity: ComputeResources;
  readonly storageRoot?: string;
};

/** `linux/amd64`, `linux/arm64`, … */
export type ImageView = { readonly imageId: string; readonly platform: string };
export type PullProgress = { readonly currentBytes: number; readonly totalBytes: number };

export type RawLogLine = {
  /** Nanoseconds since the epoch as 19 digits, by the engine's clock: where to resume. */
  readonly timestampNs: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
};

/** Counters since the container started; rates are the caller's. */
export type ContainerUsage = {
  readonly cpuNs: number;
  /** Without the page cache that the kernel would give back. */
  readonly memoryBytes: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
};

export type DiskUse = { readonly containerId: string; readonly allocationId: AllocationId; readonly bytes: number };

/**
 * The container engine as the agent needs it. Every method but `probe` throws CloudlessError `engine_unavailable` when the engine does
 * not answer.
 */
export interface Runtime {
  /** State and capacity of the engine; never throws. */
  probe(signal: AbortSignal): Promise<EngineView>;
  /**
   * Subscribes to what happens to own containers. Resolves when nothing that happens from now on is missed; `ended` resolves when
   * the subscription is over (engine gone, or `signal`).
   */
  watch(owner: Owner, listener: (event: RuntimeEvent) => void, signal: AbortSignal): Promise<{ readonly ended: Promise<void> }>;
  /** Own containers, of one allocation when named. */
  list(owner: Owner, allocationId: AllocationId | undefined, signal: AbortSignal): Promise<readonly ObservedContainer[]>;
  findImage(image: string, signal: AbortSignal): Promise<ImageView | undefined>;
  /** @throws CloudlessError image_not_found, image_platform_mismatch, registry_unreachable */
  pull(image: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void>;
  /** Loads an image archive (`docker save` format). @throws CloudlessError container_refused */
  load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** Makes the container without starting it; returns its id. @throws CloudlessError image_not_found, container_refused */
  create(plan: ContainerPlan, signal: AbortSignal): Promise<string>;
  /** Starts it; started already is fine. @throws CloudlessError port_taken, container_refused, not_found */
  start(containerId: string, signal: AbortSignal): Promise<void>;
  /** Asks it to end, kills it after `graceMs`; ended or gone already is fine. */
  stop(containerId: string, graceMs: number, signal: AbortSignal): Promise<void>;
  /** Kills it at once; ended or gone already is fine. */
  kill(containerId: string, signal: AbortSignal): Promise<void>;
  /** Removes it with its anonymous volumes; gone already is fine. */
  remove(containerId: string, signal: AbortSignal): Promise<void>;
  /** Lines from `sinceNs` on (inclusive), then as they come until the container ends. @throws CloudlessError not_found */
  logs(containerId: string, sinceNs: string | undefined, signal: AbortSignal): AsyncIterable<RawLogLine>;
  /**
   * What each own container holds on the disk: its own layer and its anonymous volumes, without its image and its log. Walks them:
   * costly for the engine.
   */
  diskUse(owner: Owner, signal: AbortSignal): Promise<readonly DiskUse[]>;
  /** `undefined` when it does not run. */
  usage(containerId: string, signal: AbortSignal): Promise<ContainerUsage | undefined>;
}
