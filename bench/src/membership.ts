import { setTimeout as pause } from 'node:timers/promises';
import type { NodeId } from '@cloudless/proto';
import { assembleFleet, joinDevice } from './fleet/assemble.ts';
import { startCoordinator, type Client } from './fleet/coordinator.ts';
import { monotonicMs } from './fleet/messages.ts';
import { figuresOf, type Measure, type Result } from './figures.ts';

const SIZES = [50, 150, 1000] as const;
const SAMPLES = 20;
/** Joins on their way at once when all come together. */
const AT_ONCE = 48;
const GOAL_SILENT = { p50Ms: 1000, p95Ms: 2000 };
const GOAL_SIGNALLED_MS = 300;
const GOAL_ALL_MS = 3000;
const WAIT_MS = 60_000;
const JOIN_NOTE =
  'Most of what a join costs the coordinator’s one thread is TLS: three handshakes, to join, and one for each path, the last after it is online. Beside it are an HTTP call of a person, reading and proving the request, and collecting garbage; certificates are signed from a mould, and offers share their syncs of the disk. 3 s would need handshakes in threads of their own';
const SILENT_NOTE =
  'a wired device that was punctual for half a minute may be silent for 1.1 s, counted from its last beat, which was up to 0.5 s before; one that was not for twice its longest gap, up to 3 s';
/** From the last that joined to the first that falls silent: what is new is allowed 1.5 s, and all joining beside it is heard as its being late. */
const KNOWN_AFTER_MS = 62_000;
/** A beat of a wired device: who dies does so at any moment of it. */
const BEAT_MS = 500;

type Word = 'online' | 'left' | 'unreachable';

/** Who follows the live stream, as a page does. */
interface Follower extends Disposable {
  /** When it was told, after a moment, that the device is so. A device that has joined and not connected yet is unreachable too. */
  untilTold(nodeId: NodeId, word: Word, after: number): Promise<number>;
}

function follow(client: Client): Follower {
  const told = new Map<string, number>();
  const waiting = new Map<string, (at: number) => void>();
  const following = client.live.follow(
    {},
    {
      onData(change) {
        if (change.kind !== 'node') return;
        const key = `${change.node.id} ${change.node.state.word}`;
        const at = monotonicMs();
        told.set(key, at);
        waiting.get(key)?.(at);
      },
    },
  );
  return {
    async untilTold(nodeId, word, after) {
      const key = `${nodeId} ${word}`;
      const known = told.get(key);
      if (known !== undefined && known >= after) return known;
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const timer = setTimeout(() => reject(new Error(`nobody was told within ${WAIT_MS} ms that ${nodeId} is ${word}`)), WAIT_MS);
      waiting.set(key, resolve);
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(key);
      });
    },
    [Symbol.dispose]: () => following.close(),
  };
}

type Samples = { readonly join: number[]; readonly leave: number[]; readonly silent: number[]; readonly allMs: number };

async function measureAt(size: number): Promise<Samples> {
  await using coordinator = await startCoordinator();
  using follower = follow(coordinator.client);
  const startedAt = monotonicMs();
  await using assembled = await assembleFleet(coordinator, { devices: size, later: SAMPLES, link: 'wired', atOnce: AT_ONCE });
  const { fleet, devices } = assembled;
  const online = await Promise.all(devices.map(({ nodeId }) => follower.untilTold(nodeId, 'online', startedAt)));
  const samples: Samples = { join: [], leave: [], silent: [], allMs: Math.max(...online) - startedAt };

  const late: { readonly index: number; readonly nodeId: NodeId }[] = [];
  for (let turn = 0; turn < SAMPLES; turn += 1) {
    const index = size + turn;
    const beganAt = monotonicMs();
    const { nodeId } = await joinDevice(coordinator, fleet, index, 'wired', true);
    samples.join.push((await follower.untilTold(nodeId, 'online', beganAt)) - beganAt);
    late.push({ index, nodeId });
  }
  await pause(KNOWN_AFTER_MS);
  for (const { index, nodeId } of late) {
    await pause(Math.random() * BEAT_MS);
    const cutAt = await fleet.cut(index);
    samples.silent.push((await follower.untilTold(nodeId, 'unreachable', cutAt)) - cutAt);
  }
  for (const [index, { nodeId }] of devices.slice(0, SAMPLES).entries()) {
    const leftAt = await fleet.leave(index);
    samples.leave.push((await follower.untilTold(nodeId, 'left', leftAt)) - leftAt);
  }
  return samples;
}

const timed = (
  name: string,
  raw: readonly number[],
  goal: string,
  isMet: (figures: ReturnType<typeof figuresOf>) => boolean,
  note?: string,
): Measure => {
  const figures = figuresOf(raw);
  return { name, unit: 'ms', value: figures.p50, figures, raw, goal, met: isMet(figures), ...(note === undefined ? {} : { note }) };
};

function measuresOf(size: number, { join, leave, silent, allMs }: Samples): Measure[] {
  const all = size === 1000 ? { goal: `≤ ${GOAL_ALL_MS.toLocaleString('en')}`, met: allMs <= GOAL_ALL_MS } : {};
  return [
    {
      name: `N = ${size}: all join at once → all online`,
      unit: 'ms',
      value: allMs,
      ...all,
      note: `${Math.round((size / allMs) * 1000)} joins/s, ${AT_ONCE} at a time${size === 1000 ? `. ${JOIN_NOTE}` : ''}`,
    },
    timed(`N = ${size}: one joins → told that it is online`, join, `P50 ≤ ${GOAL_SILENT.p50Ms}`, ({ p50 }) => p50 <= GOAL_SILENT.p50Ms),
    timed(`N = ${size}: one says goodbye → told`, leave, `≤ ${GOAL_SIGNALLED_MS}`, ({ p95 }) => p95 <= GOAL_SIGNALLED_MS),
    timed(
      `N = ${size}: one falls silent → told`,
      silent,
      `P50 ≤ ${GOAL_SILENT.p50Ms}, P95 ≤ ${GOAL_SILENT.p95Ms}`,
      ({ p50, p95 }) => p50 <= GOAL_SILENT.p50Ms && p95 <= GOAL_SILENT.p95Ms,
      SILENT_NOTE,
    ),
  ];
}

/** B4: how long until everybody knows that a device joined, left or died. */
export async function measureMembership(sizes: readonly number[] = SIZES): Promise<Result> {
  const measures: Measure[] = [];
  for (const size of sizes) measures.push(...measuresOf(size, await measureAt(size)));
  return {
    id: 'B4',
    title: 'Until all know: join, leave, silent death',
    method: `A coordinator process, and N simulated wired devices in another: light clients of the real protocol over loopback sockets with mutual TLS, each with a key of its own. Devices hold no membership; who knows is the coordinator and whoever asks it, so the clock stops when a follower of the live stream of the API, as a page is, reads the change, which was durable before. Joining: from asking for the token until online, ${SAMPLES} one after the other beside the N. Silence: both paths of ${SAMPLES} devices that were there for more than a minute, one after the other and each at a moment of chance, pass nothing any more and nobody is told. Goodbye: the leave message of an agent that is stopped.`,
    measures,
    leftOut: ['a network between them', 'devices on Wi-Fi or mobile links, whose allowed silence is 10 and 60 s'],
  };
}
