import { rqlited } from '@cloudless/db/testing';
import { layCables, type Cables } from './cables.ts';
import { figuresOf, type Measure, type Result, type Size } from './figures.ts';
import { openCluster, untilAnswered, type Seat, type TakeoverCluster } from './takeover-cluster.ts';

const TURNS = 20;
/** How long a leader that was replaced may take to notice. */
const ENDS_MS = 60_000;

/** What befalls the leader's process, and what ends it where the process has not. */
type Fault = { readonly name: string; readonly goalMs: number; strike(leader: Seat): unknown; heal?(leader: Seat): unknown };

const KILLED: Fault = { name: 'killed → first write', goalMs: 2_000, strike: ({ child }) => child.kill('SIGKILL') };
const STOPPED: Fault = { name: 'stopped cleanly → first write', goalMs: 1_000, strike: ({ child }) => child.kill('SIGTERM') };
const PAUSED: Fault = {
  name: 'paused → first write',
  goalMs: 8_000,
  strike: ({ child }) => child.kill('SIGSTOP'),
  heal: ({ child }) => child.kill('SIGCONT'),
};
const PARTED: Fault = {
  name: 'parted from everything → first write',
  goalMs: 8_000,
  strike: ({ place }) => place?.unplug(),
  heal: ({ place }) => place?.plug(),
};

async function endOf({ child }: Seat): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`a leader that was replaced runs on after ${ENDS_MS / 1000} s`)), ENDS_MS);
  child.once('exit', () => resolve());
  await promise.finally(() => clearTimeout(late));
}

/** Strikes at the leader again and again. Each sample: ms from the fault to a write through another coordinator. */
async function measure(cluster: TakeoverCluster, { name, goalMs, strike, heal }: Fault, turns: number): Promise<Measure> {
  const samples: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const { leader, other } = await cluster.roles();
    await untilAnswered('a write before the fault', () => cluster.write(other));
    const ended = endOf(leader);
    const beganAt = performance.now();
    await strike(leader);
    await untilAnswered('a write after the fault', () => cluster.write(other));
    samples.push(performance.now() - beganAt);
    await heal?.(leader);
    await ended;
    leader.child = cluster.start(leader);
  }
  const figures = figuresOf(samples);
  return { name, unit: 'ms', value: figures.p95, figures, raw: samples, goal: `P95 ≤ ${goalMs}`, met: figures.p95 <= goalMs };
}

async function measureParted(program: string, turns: number): Promise<Measure | string> {
  let cables: Cables;
  try {
    cables = await layCables(3);
  } catch (cause) {
    return `parted from everything: this machine lays no networks of its own (${cause instanceof Error ? cause.message : String(cause)})`;
  }
  await using _laid = cables;
  await using cluster = await openCluster(program, cables);
  return await measure(cluster, PARTED, turns);
}

/** B7: the leader goes while the store stands, until a write through another coordinator is acknowledged. */
export async function measureTakeover({ samples: turns = TURNS }: Size = {}): Promise<Result> {
  const base = { id: 'B7', title: 'Leader gone until the first write' };
  const leftOut = ['more than one machine, and the store’s nodes gone with the leader'];
  if (rqlited === undefined) {
    const why = 'all of it: there is no rqlited on PATH, and RQLITED names none';
    return { ...base, method: 'not run', measures: [], leftOut: [why, ...leftOut] };
  }
  const measures: Measure[] = [];
  {
    await using cluster = await openCluster(rqlited);
    for (const fault of [KILLED, STOPPED, PAUSED]) measures.push(await measure(cluster, fault, turns));
  }
  const parted = await measureParted(rqlited, turns);
  if (typeof parted === 'string') leftOut.unshift(parted);
  else measures.push(parted);
  return {
    ...base,
    method: `Three coordinators and three rqlited on one machine. The leader's process gets the signal, or its network loses its cable, ${turns} times each; a client writes through another coordinator, again a few ms after each answer and 2 s after none, and the time ends when one write is acknowledged. For the last, each coordinator has a network namespace of its own.`,
    measures,
    leftOut,
  };
}
