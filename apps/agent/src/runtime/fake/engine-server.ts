import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { CloudlessError, isCloudlessError, type AllocationId } from '@cloudless/proto';
import type { ObservedContainer } from '../runtime.ts';
import { bodySchema, filtersSchema, ownerOf, planOf, type ContainerBody } from './engine-requests.ts';
import type { FakeRuntime } from './fake-runtime.ts';

/** A start that the engine did: what a restart is told by, whatever anybody reports. */
export type Start = { readonly containerId: string; readonly allocationId: AllocationId };

/** A fake engine that speaks as much of the Docker API as an agent asks, so that an agent's process can be killed and the engine lives on. */
export interface EngineServer extends AsyncDisposable {
  readonly socketPath: string;
  /** In their order. */
  readonly starts: readonly Start[];
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 2 ** 20;
const never = new AbortController().signal;

type Answer = { readonly status: number; readonly body?: object };
type Asked = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly url: URL; readonly signal: AbortSignal };

const notFound = (what: string): Answer => ({ status: 404, body: { message: `No such ${what}` } });

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) if (text.length < MAX_BODY_BYTES) text += String(chunk);
  return text;
}

/** A line as the engine's multiplexed stream carries it. */
function frame({ timestampNs, text }: { readonly timestampNs: string; readonly text: string }): Buffer {
  const at = `${new Date(Number(timestampNs.slice(0, 10)) * 1000).toISOString().slice(0, 19)}.${timestampNs.slice(10)}Z`;
  const payload = Buffer.from(`${at} ${text}\n`);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.byteLength, 4);
  return Buffer.concat([head, payload]);
}

const STATUS_OF: Readonly<Record<string, Answer>> = {
  not_found: { status: 404, body: { message: 'No such container' } },
  image_not_found: { status: 404, body: { message: 'No such image' } },
  port_taken: { status: 500, body: { message: 'port is already allocated' } },
  registry_unreachable: { status: 500, body: { message: 'dial tcp: connection refused' } },
};

/** Serves `runtime` on a socket. The runtime stays the caller's, who may break it. */
export async function serveFakeEngine(runtime: FakeRuntime, socketPath: string): Promise<EngineServer> {
  const bodies = new Map<string, ContainerBody>();
  const starts: Start[] = [];
  const find = (id: string): ObservedContainer | undefined => runtime.containers.find(({ containerId }) => containerId === id);

  function describe(id: string): Answer {
    const [found, body] = [find(id), bodies.get(id)];
    if (!found || !body) return notFound('container');
    const ports = planOf(body).ports.map(({ name, containerPort, protocol }) => [
      `${containerPort}/${protocol.toLowerCase()}`,
      [{ HostPort: String(found.hostPorts[name] ?? '') }],
    ]);
    const { exit } = found;
    return {
      status: 200,
      body: {
        Id: id,
        Created: new Date(found.createdAt).toISOString(),
        Config: { Labels: body.Labels },
        State: {
          Status: found.state,
          ExitCode: exit?.code ?? 0,
          OOMKilled: exit?.oomKilled ?? false,
          FinishedAt: new Date(exit?.at ?? 0).toISOString(),
        },
        NetworkSettings: { Ports: Object.fromEntries(ports) as object },
      },
    };
  }

  async function start(id: string): Promise<Answer> {
    const before = find(id);
    if (before?.state === 'running') return { status: 304 };
    await runtime.start(id, never);
    if (before) starts.push({ containerId: id, allocationId: before.allocationId });
    return { status: 204 };
  }

  async function act(id: string, action: string, url: URL): Promise<Answer> {
    if (!find(id)) return notFound('container');
    if (action === 'start') return start(id);
    if (action === 'stop') await runtime.stop(id, Number(url.searchParams.get('t')) * 1000, never);
    else await runtime.kill(id, never);
    return { status: 204 };
  }

  async function showEvents({ url, response, signal }: Asked): Promise<void> {
    const owner = ownerOf(filtersSchema.parse(JSON.parse(url.searchParams.get('filters') ?? '{}')));
    const tell = ({ allocationId, containerId }: Start): void =>
      void response.write(
        `${JSON.stringify({ Actor: { ID: containerId, Attributes: bodies.get(containerId)?.Labels ?? {} }, allocationId })}\n`,
      );
    const { ended } = await runtime.watch(owner, tell, signal);
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    await ended;
    response.end();
  }

  async function showLogs(id: string, { url, response, signal }: Asked): Promise<void> {
    const since = url.searchParams.get('since')?.replace('.', '');
    if (!find(id)) return send(response, notFound('container'));
    response.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream' }).flushHeaders();
    for await (const line of runtime.logs(id, since === '0' ? undefined : since, signal)) response.write(frame(line));
    response.end();
  }

  async function create(request: IncomingMessage): Promise<Answer> {
    const body = bodySchema.parse(JSON.parse(await readBody(request)));
    const id = await runtime.create(planOf(body), never);
    bodies.set(id, body);
    return { status: 201, body: { Id: id } };
  }

  async function showImage(image: string): Promise<Answer> {
    const found = await runtime.findImage(image, never);
    const [os = '', architecture = ''] = found?.platform.split('/') ?? [];
    return found ? { status: 200, body: { Id: found.imageId, Os: os, Architecture: architecture } } : notFound('image');
  }

  async function pull(url: URL): Promise<Answer> {
    await runtime.pull(`${url.searchParams.get('fromImage')}:${url.searchParams.get('tag')}`, () => undefined, never);
    return { status: 200, body: { status: 'done' } };
  }

  async function info(): Promise<Answer> {
    const { capacity } = await runtime.probe(never);
    const [NCPU, MemTotal] = [capacity.cpuMillicores / 1000, capacity.memoryBytes];
    return { status: 200, body: { NCPU, MemTotal, OSType: 'linux', Architecture: 'x86_64', ServerVersion: 'fake', CgroupVersion: '2' } };
  }

  async function list(url: URL): Promise<Answer> {
    const filters = filtersSchema.parse(JSON.parse(url.searchParams.get('filters') ?? '{}'));
    const { label } = filters;
    const uses = url.searchParams.get('size') === 'true' ? await runtime.diskUse(ownerOf(filters), never) : [];
    const own = runtime.containers.filter(({ containerId }) => {
      const labels = bodies.get(containerId)?.Labels ?? {};
      return label.every((wanted) => wanted === `${wanted.split('=')[0]}=${labels[wanted.split('=')[0] ?? '']}`);
    });
    return {
      status: 200,
      body: own.map(({ containerId }) => ({
        Id: containerId,
        Labels: bodies.get(containerId)?.Labels,
        SizeRw: uses.find((use) => use.containerId === containerId)?.bytes,
      })),
    };
  }

  async function showUse(id: string): Promise<Answer> {
    if (!find(id)) return notFound('container');
    const use = await runtime.usage(id, never);
    const stats = use && { cpu_stats: { cpu_usage: { total_usage: use.cpuNs } }, memory_stats: { usage: use.memoryBytes } };
    return { status: 200, body: stats ?? {} };
  }

  async function answer(asked: Asked): Promise<Answer | undefined> {
    const { request, url } = asked;
    const { engine } = await runtime.probe(asked.signal);
    if (engine.state !== 'ready') throw new CloudlessError('engine_unavailable', engine.cause.message);
    const [, kind = '', id = '', action = ''] = /^\/(\w+)(?:\/(.+?))??(?:\/(json|start|stop|kill|logs|stats))?$/.exec(url.pathname) ?? [];
    switch (`${request.method} ${kind} ${id === 'create' || id === 'load' ? id : action}`) {
      case 'GET info ':
        return info();
      case 'GET version ':
        return { status: 200, body: { Components: [{ Name: 'Fake Engine' }] } };
      case 'GET events ':
        return void (await showEvents(asked));
      case 'GET containers json':
        return id === '' ? list(url) : describe(id);
      case 'GET images json':
        return showImage(decodeURIComponent(id));
      case 'POST images create':
        return pull(url);
      case 'POST images load':
        await runtime.load(request, never);
        return { status: 200, body: {} };
      case 'POST containers create':
        return create(request);
      case 'POST containers start':
      case 'POST containers stop':
      case 'POST containers kill':
        return act(id, action, url);
      case 'DELETE containers ':
        if (!find(id)) return notFound('container');
        await runtime.remove(id, never);
        bodies.delete(id);
        return { status: 204 };
      case 'GET containers logs':
        return void (await showLogs(id, asked));
      case 'GET containers stats':
        return showUse(id);
      default:
        return { status: 501, body: { message: `The fake engine knows no ${request.method} ${url.pathname}` } };
    }
  }

  function send(response: ServerResponse, { status, body }: Answer): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
  }

  function fail(response: ServerResponse, cause: unknown): void {
    const code = isCloudlessError(cause) ? cause.code : 'internal';
    // An engine that is down does not answer at all.
    if (code === 'engine_unavailable' || response.headersSent) response.destroy();
    else send(response, STATUS_OF[code] ?? { status: 500, body: { message: String(cause) } });
  }

  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('who asked is gone')));
    answer({ request, response, url: new URL(request.url ?? '/', 'http://engine'), signal: gone.signal }).then(
      (answered) => answered && send(response, answered),
      (cause: unknown) => fail(response, cause),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
  return { socketPath, starts, stop, [Symbol.asyncDispose]: stop };
}
