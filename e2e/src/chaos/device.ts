import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFakeRuntime, serveFakeEngine, type EngineServer, type FakeRuntime } from '@cloudless/agent/fake';
import { createRealClock } from '@cloudless/kernel/node';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { AGENT_FILE, dataFolderAt, planParts, type PartPlan } from '@cloudless/tools/product';
import { startTcpProxy, type TcpProxy } from '@cloudless/transport/testing';
import { createProgram, type Program } from './program.ts';
import { PART_OPTIONS } from './seat.ts';

/** A device: a real agent's process, an engine that outlives it, and the network between it and the coordinator. */
export interface Device extends AsyncDisposable {
  readonly name: string;
  readonly agent: Program;
  /** Not started unless it was asked for. */
  readonly watchdog: Program;
  readonly engine: FakeRuntime;
  readonly server: EngineServer;
  readonly network: TcpProxy;
  /** Its network leads there from the next connection on. */
  leadTo(coordinator: DeviceOptions['coordinator']): void;
}

export type DeviceOptions = {
  readonly name: string;
  readonly seed: number;
  readonly root: string;
  readonly coordinator: { readonly host: string; readonly port: number };
  readonly joinToken: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The agent's bundle, in place of this release's. */
  readonly agentFile?: string;
  /** Whether a watchdog runs beside the agent, without which it holds no leases. */
  readonly hasWatchdog?: boolean;
};

/** Every image is there; containers stay until they are ended. */
const IMAGE = { startMs: 30, stopMs: 20 };

export async function startDevice(device: DeviceOptions): Promise<Device> {
  const { name, seed, root, coordinator, joinToken, env: more = {}, agentFile = AGENT_FILE, hasWatchdog = false } = device;
  const clock = createRealClock();
  const folder = dataFolderAt(join(root, name));
  const target = { host: coordinator.host, port: coordinator.port };
  const network = await startTcpProxy({ clock, entropy: createSeededEntropy(seed), target });
  const engine = createFakeRuntime({ clock, images: () => IMAGE });
  const server = await serveFakeEngine(engine, join(root, `${name}.sock`));
  const options = { ...PART_OPTIONS, dataFolder: folder.root, host: '127.0.0.1', port: network.port, agent: true };
  const plans = planParts({ options, folder, webPort: 0, engineAddress: `unix://${server.socketPath}` });
  const env = { CLOUDLESS_NODE_NAME: name, CLOUDLESS_STATUS_PORT: '0', ...more };
  function programOf(part: PartPlan['name']): Program {
    const plan = plans.find((each) => each.name === part);
    if (!plan) throw new Error(`no part of the product is called ${part}`);
    const argv = plan.argv.map((one) => (one === AGENT_FILE ? agentFile : one));
    return createProgram({ ...plan, argv, env: { ...plan.env, ...env } }, folder);
  }
  const watchdog = programOf('watchdog');
  if (hasWatchdog) watchdog.start();
  const agent = programOf('agent');
  await writeFile(join(folder.agent, 'join-token'), joinToken, { mode: 0o600 });
  agent.start();
  return {
    name,
    agent,
    watchdog,
    engine,
    server,
    network,
    leadTo: ({ host, port }) => void Object.assign(target, { host, port }),
    async [Symbol.asyncDispose]() {
      await agent.kill();
      await watchdog.kill();
      await network.stop();
      await server.stop();
    },
  };
}
