import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = async (...argv: readonly string[]): Promise<void> => void (await run('ip', [...argv], { timeout: 10_000 }));

/** A place with a network of its own (a namespace), and one cable to this machine. */
export interface Place {
  readonly address: string;
  /** What starts a program there, before its own command line. */
  readonly prefix: readonly string[];
  /** Nothing arrives any more, either way, and nobody is told. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

export interface Cables extends AsyncDisposable {
  /** Of this machine, as seen from every place. */
  readonly hostAddress: string;
  readonly places: readonly Place[];
}

/**
 * The switch is in a namespace of its own too: what this machine's firewall forwards is no concern of it.
 *
 * @throws Error without root, `ip` or a kernel that has bridges and namespaces
 */
export async function layCables(count: number): Promise<Cables> {
  const id = process.pid % 10_000;
  const net = `10.${128 + (process.pid % 64)}.1`;
  const hub = `clt${id}`;
  const namespaces: string[] = [];
  const within = (namespace: string, ...argv: readonly string[]): Promise<void> => ip('-n', namespace, ...argv);

  async function addNamespace(name: string): Promise<void> {
    await ip('netns', 'add', name);
    namespaces.push(name);
    await within(name, 'link', 'set', 'lo', 'up');
  }

  /** Everything that is in a namespace goes with it. */
  async function undo(): Promise<void> {
    for (const name of namespaces) await ip('netns', 'delete', name).catch(() => undefined);
  }

  async function openPlace(index: number): Promise<Place> {
    const [namespace, cable, address] = [`${hub}-${index}`, `cable${index}`, `${net}.${index + 2}`];
    await addNamespace(namespace);
    await within(hub, 'link', 'add', cable, 'master', 'switch', 'up', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await within(namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await within(namespace, 'link', 'set', 'eth0', 'up');
    return {
      address,
      prefix: ['nsenter', `--net=/run/netns/${namespace}`],
      // At the far end: an interface that is down would tell those who use it.
      unplug: () => within(hub, 'link', 'set', cable, 'nomaster'),
      plug: () => within(hub, 'link', 'set', cable, 'master', 'switch'),
    };
  }

  try {
    await addNamespace(hub);
    await within(hub, 'link', 'add', 'switch', 'up', 'type', 'bridge');
    await within(hub, 'link', 'add', 'host', 'master', 'switch', 'up', 'type', 'veth', 'peer', 'name', hub, 'netns', String(process.pid));
    await ip('addr', 'add', `${net}.1/24`, 'dev', hub);
    await ip('link', 'set', hub, 'up');
    const places: Place[] = [];
    for (let index = 0; index < count; index += 1) places.push(await openPlace(index));
    return { hostAddress: `${net}.1`, places, [Symbol.asyncDispose]: undo };
  } catch (cause) {
    await undo();
    throw cause;
  }
}
