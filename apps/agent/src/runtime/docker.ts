import { Readable } from 'node:stream';
import Dockerode from 'dockerode';
import { withDeadline, type Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { ImageView, ObservedContainer, Runtime } from './runtime.ts';
import { containerOptions, ownerFilters } from './docker/container-options.ts';
import { engineError, pullError, readFault } from './docker/docker-errors.ts';
import { readLogFrames, toSince } from './docker/log-frames.ts';
import { readJsonLines } from './docker/ndjson.ts';
import { allocationOf, observeContainer } from './docker/observe-container.ts';
import { architectureOf, explainAbsence, readEngine } from './docker/probe-engine.ts';
import { readDiskUse } from './docker/read-disk-use.ts';
import { createPullProgress, type PullLine } from './docker/pull-progress.ts';
import { readUsage, type EngineStats } from './docker/read-usage.ts';

const PROBE_DEADLINE_MS = 5_000;
const INSPECT_DEADLINE_MS = 20_000;
/** Containers inspected at once. */
const MAX_INSPECTED = 16;
/** What the agent looks at again when it happens. */
const EVENTS = ['create', 'start', 'die', 'oom', 'pause', 'unpause', 'destroy'];

/** A container engine that speaks the Docker API (Docker, Docker Desktop, Colima, OrbStack, Podman) on a Unix socket. */
export function createDockerRuntime(options: {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly platform: NodeJS.Platform;
}): Runtime {
  const { socketPath, clock } = options;
  // An empty host keeps the library from reading DOCKER_HOST over the socket that was configured.
  const docker = new Dockerode({ socketPath, host: '', protocol: 'http' });

  /** Runs a call and names its failure; `missing` is what a 404 gives. */
  async function call<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (cause) {
      throw engineError(what, cause, signal);
    }
  }

  /** Statuses that say "already so". */
  async function callTolerant(
    what: string,
    signal: AbortSignal,
    tolerated: readonly number[],
    work: () => Promise<unknown>,
  ): Promise<void> {
    await call(what, signal, () =>
      work().catch((cause: unknown) => {
        if (!tolerated.includes(readFault(cause).status ?? 0)) throw cause;
      }),
    );
  }

  /**
   * Not from the list: an engine tells of an end (`die`) before its list knows (moby `daemon/monitor.go`), but answers an inspection
   * only after it.
   */
  async function inspect(id: string, signal: AbortSignal): Promise<ObservedContainer | undefined> {
    return call('inspecting a container', signal, async () => {
      try {
        return observeContainer(await docker.getContainer(id).inspect({ abortSignal: signal }));
      } catch (cause) {
        if (readFault(cause).status === 404) return undefined;
        throw cause;
      }
    });
  }

  return {
    async probe(signal) {
      try {
        return await withDeadline(clock, `asking the engine on ${socketPath}`, PROBE_DEADLINE_MS, () => readEngine(docker), signal);
      } catch (cause) {
        return { engine: explainAbsence(cause, socketPath, options.platform), capacity: { cpuMillicores: 0, memoryBytes: 0 } };
      }
    },

    async watch(owner, listener, signal) {
      const filters = { type: ['container' as const], event: EVENTS, label: ownerFilters(owner) };
      const stream = await call('subscribing to its events', signal, () => docker.getEvents({ filters, abortSignal: signal }));
      const read = async (): Promise<void> => {
        for await (const line of readJsonLines(stream as AsyncIterable<Uint8Array>)) {
          const { Actor } = line as { Actor?: { ID?: string; Attributes?: Record<string, string> } };
          const allocationId = allocationOf(Actor?.Attributes);
          if (allocationId && Actor?.ID !== undefined) listener({ allocationId, containerId: Actor.ID });
        }
      };
      return { ended: read().catch(() => undefined) };
    },

    async list(owner, allocationId, signal) {
      const label = [...ownerFilters(owner), ...(allocationId === undefined ? [] : [`io.cloudless.allocation=${allocationId}`])];
      const listed = await call('listing containers', signal, () =>
        docker.listContainers({ all: true, filters: { label }, abortSignal: signal }),
      );
      const observed: ObservedContainer[] = [];
      for (let from = 0; from < listed.length; from += MAX_INSPECTED) {
        const some = await Promise.all(listed.slice(from, from + MAX_INSPECTED).map(({ Id }) => inspect(Id, signal)));
        observed.push(...some.filter((container) => container !== undefined));
      }
      return observed;
    },

    async findImage(image, signal): Promise<ImageView | undefined> {
      return call(`looking for the image ${image}`, signal, async () => {
        try {
          // The library passes no signal on here.
          const found = await withDeadline(
            clock,
            `looking for the image ${image}`,
            INSPECT_DEADLINE_MS,
            () => docker.getImage(image).inspect(),
            signal,
          );
          return { imageId: found.Id, platform: `${found.Os}/${architectureOf(found.Architecture)}` };
        } catch (cause) {
          if (readFault(cause).status === 404) return undefined;
          throw cause;
        }
      });
    },

    async pull(image, onProgress, signal) {
      try {
        const stream = await docker.createImage({ ...splitImage(image), abortSignal: signal });
        const note = createPullProgress(onProgress);
        for await (const line of readJsonLines(stream as AsyncIterable<Uint8Array>)) {
          const { error } = line as PullLine;
          if (error !== undefined) throw new Error(error);
          note(line as PullLine);
        }
      } catch (cause) {
        throw pullError(image, cause, signal);
      }
    },

    async load(archive, signal) {
      await call('loading an image', signal, async () => {
        const stream = await docker.loadImage(Readable.from(archive), { quiet: true, abortSignal: signal } as object);
        for await (const line of readJsonLines(stream as AsyncIterable<Uint8Array>)) {
          const { error } = line as PullLine;
          if (error !== undefined) throw new Error(error);
        }
      });
    },

    async create(plan, signal) {
      const what = `making the container ${plan.name}`;
      return call(what, signal, async () => {
        try {
          const { id } = await docker.createContainer({ ...containerOptions(plan), abortSignal: signal });
          return id;
        } catch (cause) {
          const { status, text } = readFault(cause);
          if (status === 404)
            throw new CloudlessError('image_not_found', `The engine lost the image ${plan.image} before ${what}: ${text}`, { cause });
          throw cause;
        }
      });
    },

    start: (id, signal) =>
      callTolerant('starting the container', signal, [304], () => docker.getContainer(id).start({ abortSignal: signal })),
    stop: (id, graceMs, signal) =>
      callTolerant('stopping the container', signal, [304, 404], () =>
        docker.getContainer(id).stop({ t: Math.ceil(graceMs / 1000), abortSignal: signal }),
      ),
    kill: (id, signal) =>
      callTolerant('killing the container', signal, [404, 409], () => docker.getContainer(id).kill({ abortSignal: signal })),
    remove: (id, signal) =>
      callTolerant('removing the container', signal, [404, 409], () =>
        docker.getContainer(id).remove({ force: true, v: true, abortSignal: signal }),
      ),

    async *logs(id, sinceNs, signal) {
      const since = sinceNs === undefined ? {} : { since: toSince(sinceNs) };
      const query = { follow: true as const, stdout: true, stderr: true, timestamps: true, ...since, abortSignal: signal };
      const stream = await call('reading logs', signal, () => docker.getContainer(id).logs(query as object as { follow: true }));
      try {
        yield* readLogFrames(stream as AsyncIterable<Buffer>);
      } catch (cause) {
        throw engineError('reading logs', cause, signal);
      }
    },

    diskUse: (owner, signal) => call('measuring the disk', signal, () => readDiskUse(docker, owner, signal)),

    async usage(id, signal) {
      return call('reading use', signal, async () => {
        const stats = await docker
          .getContainer(id)
          .stats({ stream: false, 'one-shot': true, abortSignal: signal } as object as { stream: false });
        return readUsage(stats as unknown as EngineStats);
      }).catch((cause: unknown) => {
        if (cause instanceof CloudlessError && cause.code === 'not_found') return undefined;
        throw cause;
      });
    },
  };
}

/** `fromImage` and `tag` for the engine: without a tag it would fetch every tag. */
export function splitImage(image: string): { readonly fromImage: string; readonly tag: string } {
  const [name = '', digest] = image.split('@');
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const fromImage = hasTag ? name.slice(0, colon) : name;
  return { fromImage, tag: digest ?? (hasTag ? name.slice(colon + 1) : 'latest') };
}
