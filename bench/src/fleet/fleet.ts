import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { NodeId } from '@cloudless/proto';
import type { Return } from './light-device.ts';
import type { FleetNews, FleetOrder, Told } from './messages.ts';
import { requireOpenFiles } from './open-files.ts';

const PROGRAM = join(import.meta.dirname, '..', 'fleet-process.ts');
const STEP_MS = 120_000;

export type JoinOptions = {
  readonly url: string;
  readonly name: string;
  readonly token: string;
  readonly link: 'wired' | 'wifi' | 'mobile';
  readonly viaProxy?: boolean;
};
export type FleetDevice = { readonly nodeId: NodeId; readonly joinedAt: number; readonly onlineAt: number };

/** Simulated devices in a process of their own, as light clients of the real protocol over real sockets. */
export interface Fleet extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when the device is online. */
  join(index: number, options: JoinOptions): Promise<FleetDevice>;
  /** @returns when it was carried out, by `monotonicMs` */
  leave(index: number): Promise<number>;
  cut(index: number): Promise<number>;
  close(index: number): Promise<number>;
  /** Called with what devices were told to run. */
  onTold(listener: (told: readonly Told[]) => void): void;
  /** Called whenever a device comes online; `at` by `monotonicMs`. */
  onOnline(listener: (index: number, at: number, how: Return) => void): void;
  /** Called whenever streams reach a device again, which is after it came online. */
  onReachable(listener: (index: number, at: number) => void): void;
}

type Waiting = {
  joinedAt: number;
  nodeId: NodeId | undefined;
  readonly step: PromiseWithResolvers<number>;
  readonly until: 'online' | 'done';
};

/** @param devices how many it will hold at most */
export function startFleet(devices: number): Fleet {
  requireOpenFiles(devices);
  // So many devices in one process make more garbage than one device each: it shall not cost what is measured a processor.
  const child = fork(PROGRAM, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  });
  const waiting = new Map<number, Waiting>();
  let listener: (told: readonly Told[]) => void = () => undefined;
  let onOnline: Parameters<Fleet['onOnline']>[0] = () => undefined;
  let onReachable: Parameters<Fleet['onReachable']>[0] = () => undefined;

  child.on('message', (news: FleetNews) => {
    if (news.kind === 'told') return listener(news.told);
    if (news.kind === 'reachable') return onReachable(news.index, news.at);
    if (news.kind === 'online') onOnline(news.index, news.at, news.how);
    const entry = waiting.get(news.index);
    if (!entry) return;
    if (news.kind === 'joined') Object.assign(entry, { joinedAt: news.at, nodeId: news.nodeId });
    else if (news.kind === 'failed') entry.step.reject(new Error(news.reason));
    else if (news.kind === entry.until) entry.step.resolve(news.at);
  });
  child.once('exit', (code, signal) => {
    for (const { step } of waiting.values()) step.reject(new Error(`the simulated devices ended: ${signal ?? code}`));
  });

  async function order(what: FleetOrder, until: Waiting['until']): Promise<{ at: number; entry: Waiting }> {
    const entry: Waiting = { joinedAt: 0, nodeId: undefined, step: Promise.withResolvers(), until };
    waiting.set(what.index, entry);
    const timer = setTimeout(() => entry.step.reject(new Error(`device ${what.index}: no ${until} within ${STEP_MS} ms`)), STEP_MS);
    try {
      if (!child.connected) throw new Error('the simulated devices ended');
      child.send(what);
      return { at: await entry.step.promise, entry };
    } finally {
      clearTimeout(timer);
      waiting.delete(what.index);
    }
  }
  const doOrder = async (kind: 'leave' | 'cut' | 'close', index: number): Promise<number> => (await order({ kind, index }, 'done')).at;

  return {
    pid: child.pid ?? 0,
    async join(index, options) {
      const { at, entry } = await order({ kind: 'join', index, viaProxy: false, ...options }, 'online');
      if (entry.nodeId === undefined) throw new Error(`device ${index} is online and has no id`);
      return { nodeId: entry.nodeId, joinedAt: entry.joinedAt, onlineAt: at };
    },
    leave: (index) => doOrder('leave', index),
    cut: (index) => doOrder('cut', index),
    close: (index) => doOrder('close', index),
    onTold(next) {
      listener = next;
    },
    onOnline(next) {
      onOnline = next;
    },
    onReachable(next) {
      onReachable = next;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs `work` over `count` positions, `atOnce` at a time, in order. After a failure no more are begun, and those that were end first. */
export async function inParallel(count: number, atOnce: number, work: (position: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) {
      const position = next;
      next += 1;
      await work(position).catch((cause: unknown) => {
        next = count;
        throw cause;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, count) }, run));
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
}
