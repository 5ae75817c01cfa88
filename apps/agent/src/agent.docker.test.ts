import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleepFor } from 'node:timers/promises';
import Dockerode from 'dockerode';
import { assembleImage, hasImage } from '@cloudless/images';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import { WELCOME, type Assignment, type ClusterId, type NodeId } from '@cloudless/proto';
import { describe, expect, test } from 'vitest';
import { createAgent, type Agent } from './agent.ts';
import { createFileLogStore } from './logs/file-log-store.ts';
import { createFingerprint } from './resources/fingerprint.ts';
import { createUsageSampler } from './resources/usage.ts';
import { connectLoopback } from './session/connect-loopback.ts';
import { createStaticCredentials } from './session/credentials.ts';
import { createFileState } from './state/file-state.ts';
import { buildAssignment } from './testing/build-assignment.ts';
import { findRealEngine, TEST_IMAGE, type RealEngine } from './testing/real-engine.ts';
import { createStubCoordinator } from './testing/stub-coordinator.ts';

const engine = await findRealEngine();
const clock = createRealClock();
/** Bounds a hang. */
const HANG_MS = 60_000;
const entropy = createRealEntropy();

/** A real agent on the real engine with its state in a folder; the coordinator is played. */
async function createRealBench({ runtime, socketPath, platform }: RealEngine) {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-agent-'));
  const identity = {
    nodeId: entropy.id('node') as NodeId,
    clusterId: entropy.id('cluster') as ClusterId,
    name: 'Test Device',
    privateKey: '',
    certificate: '',
    bundle: '',
  };
  const coordinator = createStubCoordinator(identity);
  const logger = createMemoryLogger();
  const state = createFileState(folder, logger);
  await state.saveIdentity(identity);
  let agent: Agent | undefined;
  const bench = {
    coordinator,
    identity,
    platform,
    logger,
    docker: new Dockerode({ socketPath, host: '', protocol: 'http' }),
    async start() {
      agent = await createAgent({
        clock,
        entropy,
        logger,
        runtime,
        state,
        connectLoopback,
        logs: createFileLogStore(join(folder, 'logs')),
        credentials: createStaticCredentials(identity),
        dial: () => coordinator.dial(),
        fingerprint: createFingerprint({ agentVersion: 'test', dataFolder: folder, files: { root: '/' } }),
        sampleUsage: createUsageSampler({ runtime, clock }),
        builtIn: {
          has: hasImage,
          async *fetch(image, platform) {
            yield await assembleImage(image, platform);
          },
        },
      });
    },
    async stop() {
      await agent?.stop();
      agent = undefined;
    },
    async until(what: string, isSo: () => boolean | Promise<boolean>) {
      const startedAt = clock.bootMs();
      while (!(await isSo())) {
        if (clock.bootMs() - startedAt > HANG_MS)
          throw new Error(
            `${what} did not come; last: ${JSON.stringify(coordinator.messages.slice(-3))} ${JSON.stringify(logger.events.slice(-5))}`,
          );
        await sleepFor(10);
      }
    },
    isReady: (assignment: Assignment) => () => {
      const observed = coordinator.observed(assignment.allocationId);
      return observed?.ready === true && observed.phase === 'running';
    },
    own: () => runtime.list(identity, undefined, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      await bench.stop();
      const signal = new AbortController().signal;
      for (const container of await bench.own()) await runtime.remove(container.containerId, signal);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

async function readAll(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

const open = () => {
  if (typeof engine === 'string') throw new Error(engine);
  return createRealBench(engine);
};

const SERVES = ['/bin/sh', '-c', 'echo ready; exec /bin/busybox httpd -f -p 8080 -h /bin'];
const serving = (name: string, more: Parameters<typeof buildAssignment>[1] = {}) =>
  buildAssignment(
    name,
    { image: TEST_IMAGE, command: SERVES, terminationGraceMs: 500, ...more },
    { allocationId: entropy.id('alloc') as Assignment['allocationId'] },
  );

describe.skipIf(typeof engine === 'string')('an agent on a real engine', { timeout: 4 * HANG_MS }, () => {
  test('the Welcome app runs from no registry and says on which device', async () => {
    await using bench = await open();
    const welcome = buildAssignment('welcome', WELCOME.spec, {
      allocationId: entropy.id('alloc') as Assignment['allocationId'],
      workloadName: 'welcome',
      spec: WELCOME.spec,
      slot: 2,
    });
    bench.coordinator.assignments = [welcome];
    await bench.docker
      .getImage(WELCOME.spec.image)
      .remove({ force: true })
      .catch(() => undefined);
    await bench.start();
    await bench.until('the Welcome app', bench.isReady(welcome));
    const port = bench.coordinator.observed(welcome.allocationId)?.hostPorts['http'];
    await bench.until('its page', () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    const script = await (await fetch(`http://127.0.0.1:${port}/welcome.js`)).text();
    expect(script).toContain('Test Device');
    expect(script).toContain(welcome.allocationId);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('Your first app runs on');
    const stream = await bench.coordinator.link?.openStream({ kind: 'logs', allocationId: welcome.allocationId, follow: true });
    for await (const chunk of stream ?? []) if (String(chunk).includes('GET /welcome.js')) break;
  });

  test('a container gets its limits and nothing that was not on the list', async () => {
    await using bench = await open();
    const web = serving('limits', {
      env: { GREETING: 'hi' },
      resources: { limits: { cpuMillicores: 250, memoryBytes: 32 * 2 ** 20, pids: 20 } },
    });
    bench.coordinator.assignments = [web];
    await bench.start();
    await bench.until('it', bench.isReady(web));
    const [own] = await bench.own();
    const { Config, HostConfig } = await bench.docker.getContainer(own?.containerId ?? '').inspect();
    expect(HostConfig).toMatchObject({
      NanoCpus: 250_000_000,
      Memory: 32 * 2 ** 20,
      MemorySwap: 32 * 2 ** 20,
      PidsLimit: 20,
      Privileged: false,
      Init: true,
      NetworkMode: 'default',
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      RestartPolicy: { Name: 'no' },
      Binds: null,
      PidMode: '',
      UsernsMode: '',
      LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } },
    });
    expect(new Set(HostConfig.CapAdd as string[])).toEqual(
      new Set(['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID']),
    );
    expect(HostConfig.PortBindings).toMatchObject({ '8080/tcp': [{ HostIp: '127.0.0.1' }] });
    expect(Config.Env).toEqual(
      expect.arrayContaining([
        'GREETING=hi',
        'CLOUDLESS_NODE_NAME=Test Device',
        'CLOUDLESS_WORKLOAD=limits',
        'CLOUDLESS_SLOT=0',
        'CLOUDLESS_REPLICA=1',
      ]),
    );
    expect(Config.Labels).toMatchObject({
      'io.cloudless.cluster': bench.identity.clusterId,
      'io.cloudless.node': bench.identity.nodeId,
      'io.cloudless.allocation': web.allocationId,
    });
  });

  test('a killed container runs again, and an agent that comes back adopts it without a restart', async () => {
    await using bench = await open();
    const web = serving('adopt');
    bench.coordinator.assignments = [web];
    await bench.start();
    await bench.until('it', bench.isReady(web));
    const [first] = await bench.own();
    await bench.docker.getContainer(first?.containerId ?? '').kill();
    await bench.until('its restart', () => bench.isReady(web)() && bench.coordinator.observed(web.allocationId)?.restarts === 1);
    expect(bench.coordinator.observed(web.allocationId)).toMatchObject({ exit: { code: 137 }, cause: { code: 'restarted' } });
    await bench.stop();
    const sessions = bench.coordinator.sessions;
    await bench.start();
    await bench.until('the adoption', () => bench.coordinator.sessions > sessions && bench.isReady(web)());
    expect(bench.coordinator.observed(web.allocationId)?.restarts).toBe(1);
    expect((await bench.own())[0]?.containerId).toBe(first?.containerId);
  });

  test('a forwarded stream reaches the app and its answer comes back; an unknown port is refused with the reason', async () => {
    await using bench = await open();
    const web = serving('forward');
    bench.coordinator.assignments = [web];
    await bench.start();
    await bench.until('it', bench.isReady(web));
    const stream = await bench.coordinator.link?.openStream({ kind: 'forward', allocationId: web.allocationId, portName: 'http' });
    expect(stream).toBeDefined();
    stream?.write('GET /id HTTP/1.0\r\n\r\n');
    const [answer] = stream ? await once(stream, 'data') : [];
    expect(String(answer)).toContain('HTTP/1.1 200 OK');
    stream?.destroy();
    await expect(
      bench.coordinator.link?.openStream({ kind: 'forward', allocationId: web.allocationId, portName: 'admin' }),
    ).rejects.toThrow('has no TCP port named admin');
  });

  test('a container over its memory limit is shown as OOM, and logs of a removed allocation are kept', async () => {
    await using bench = await open();
    const greedy = serving('greedy', {
      // Its shell outlives the killed child by far: engines lose the event of a container that ends before they have read it.
      command: ['/bin/sh', '-c', 'echo before; /bin/busybox dd if=/dev/zero of=/dev/null bs=200M; /bin/busybox sleep 2; exit 1'],
      restartPolicy: { policy: 'never' },
      resources: { limits: { memoryBytes: 16 * 2 ** 20 } },
    });
    bench.coordinator.assignments = [greedy];
    await bench.start();
    await bench.until('its end', () => bench.coordinator.observed(greedy.allocationId)?.phase === 'failed');
    expect(bench.coordinator.observed(greedy.allocationId)).toMatchObject({ cause: { code: 'oom_killed' }, exit: { oomKilled: true } });
    await bench.until('its removal', async () => (await bench.own()).length === 0);
    bench.coordinator.remove(greedy.allocationId);
    const stream = await bench.coordinator.link?.openStream({ kind: 'logs', allocationId: greedy.allocationId, follow: false });
    expect(stream && (await readAll(stream))).toContain('"text":"before"');
  });
});

test.runIf(typeof engine === 'string')(`no engine to test with: ${typeof engine === 'string' ? engine : ''}`, (context) => context.skip());
