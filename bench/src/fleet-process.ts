import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { startTcpProxy, type TcpProxy } from '@cloudless/transport/testing';
import { startLightDevice, type LightDevice } from './fleet/light-device.ts';
import { monotonicMs, type FleetNews, type FleetOrder, type Told } from './fleet/messages.ts';

/** What the devices were told is handed on this often; the times are when they heard it. */
const HAND_ON_MS = 20;

const clock = createRealClock();
const devices = new Map<number, LightDevice>();
const entropy = createRealEntropy();
const proxies = new Map<number, TcpProxy>();
let told: Told[] = [];

const say = (news: FleetNews): void => void process.send?.(news);

function takeTold(apps: readonly string[]): void {
  if (told.length === 0)
    clock.setTimer(HAND_ON_MS, () => {
      say({ kind: 'told', told });
      told = [];
    });
  told.push({ at: monotonicMs(), apps });
}

async function join(order: Extract<FleetOrder, { kind: 'join' }>): Promise<void> {
  const { index, name, token, link } = order;
  let { url } = order;
  if (order.viaProxy) {
    const proxy = await startTcpProxy({ clock, entropy, target: { port: Number(new URL(url).port) } });
    proxies.set(index, proxy);
    url = `ws://127.0.0.1:${proxy.port}/agent`;
  }
  const device = await startLightDevice({
    url,
    name,
    token,
    link,
    clock,
    entropy,
    onJoined: (nodeId) => say({ kind: 'joined', index, nodeId, at: monotonicMs() }),
    onOnline: (how) => say({ kind: 'online', index, at: monotonicMs(), how }),
    onReachable: () => say({ kind: 'reachable', index, at: monotonicMs() }),
    onFailed: (cause) => process.stderr.write(`${name} gave up: ${String(cause)}\n`),
    onTold: takeTold,
  });
  devices.set(index, device);
}

process.on('message', (order: FleetOrder) => {
  const { index } = order;
  if (order.kind === 'join') {
    join(order).catch((cause: unknown) => say({ kind: 'failed', index, reason: String(cause) }));
    return;
  }
  if (order.kind === 'leave') devices.get(index)?.leave();
  else if (order.kind === 'cut') proxies.get(index)?.cut('silently');
  else devices.get(index)?.close();
  say({ kind: 'done', index, at: monotonicMs() });
});
// The benchmark is gone: so are its devices.
process.on('disconnect', () => process.exit());
