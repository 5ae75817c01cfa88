import { isTerminalPhase, type AllocationId, type LogLine } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import type { Call, Element, Handlers } from '../call.ts';
import { toCloudlessError } from '../failure.ts';
import { getWorkload } from '../owned-rows.ts';
import { createLogInbox, mergeLines, type LogInbox } from './log-inbox.ts';
import { createLogPlaces, type LogPlaces } from './log-places.ts';
import { readLogStream, type LogFrom, type LogSource } from './log-streams.ts';

/** A replica whose lines cannot be had is asked again after so long; one that is over has as long to say its last. */
const RETRY_MS = 2000;

type Parts = Pick<ApiParts, 'store' | 'clock' | 'sessions'>;

/** What the followers of one reader share. */
type Reading = { readonly places: LogPlaces; readonly inbox: LogInbox; readonly signal: AbortSignal };

/** Lines of one replica until it is over and its last words were read; after each loss again from where its lines were told. */
async function followReplica(
  { store, clock, sessions }: Parts,
  { places, inbox, signal }: Reading,
  source: LogSource,
  options: { readonly from: LogFrom; readonly over: AbortSignal },
): Promise<void> {
  const { allocationId } = source;
  let from = options.from;
  let isTold = false;
  while (!signal.aborted) {
    const isLast = options.over.aborted;
    const reading = isLast ? signal : AbortSignal.any([signal, options.over]);
    try {
      for await (const line of readLogStream(sessions, source, { ...from, follow: !isLast }, reading)) {
        isTold = false;
        from = { after: line.cursor };
        await inbox.put({ kind: 'lines', lines: [line] });
      }
    } catch (cause) {
      if (!isTold && !reading.aborted) await inbox.put({ kind: 'gap', allocationId, message: toCloudlessError(cause).message });
      isTold = true;
    }
    if (store.get('allocation', allocationId) === undefined) places.forget(allocationId);
    if (isLast) return;
    await clock.sleep(RETRY_MS, signal).catch(() => undefined);
  }
}

/** Follows every replica of an app, those that come later too. `review` is called after each change. */
function createFollowers(parts: Parts, reading: Reading, input: Call<'log.follow'>['input']) {
  const { store } = parts;
  const followed = new Map<AllocationId, AbortController>();
  const isOver = (id: AllocationId): boolean => {
    const row = store.get('allocation', id)?.row;
    return row === undefined || isTerminalPhase(row.observed.phase);
  };
  /** A replica that was not there when the reader came is told from its first line; one that was, from `tail` lines back. */
  function start(source: LogSource, isLater: boolean): void {
    const { allocationId } = source;
    const after = reading.places.find(allocationId);
    const isNew = isLater || reading.places.isResumed;
    const from: LogFrom = after === undefined ? (isNew ? {} : { tail: input.tail }) : { after };
    const over = new AbortController();
    followed.set(allocationId, over);
    void followReplica(parts, reading, source, { from, over: over.signal });
  }
  return {
    review(isLater: boolean): void {
      for (const { row } of store.allocationsOfWorkload(input.workloadId)) {
        if (followed.has(row.id) || (input.allocationId !== undefined && row.id !== input.allocationId)) continue;
        start({ allocationId: row.id, nodeId: row.nodeId }, isLater);
      }
      for (const [id, over] of followed) {
        if (isOver(id)) over.abort(new Error('the replica is over'));
        if (store.get('allocation', id) === undefined) followed.delete(id);
      }
    },
  };
}

/** Logs of all replicas of an app, merged as they arrive; ends when the app is gone. */
export function createLogProcedures(parts: Parts): Pick<Handlers, 'log.follow'> {
  const { store } = parts;
  async function* follow({ input, caller, signal: leaving }: Call<'log.follow'>): AsyncGenerator<Element<'log.follow'>> {
    getWorkload(store, input.workloadId, caller);
    const stopping = new AbortController();
    const signal = AbortSignal.any([leaving, stopping.signal]);
    const places = createLogPlaces(input.lastEventId);
    const inbox = createLogInbox(signal);
    const followers = createFollowers(parts, { places, inbox, signal }, input);
    const stop = store.onCommit(() => {
      if (store.get('workload', input.workloadId)) followers.review(true);
      else stopping.abort(new Error('the app is gone'));
    });
    try {
      followers.review(false);
      while (!signal.aborted) {
        for (const data of mergeLines(await inbox.take())) {
          if (data.kind === 'lines') {
            for (const { allocationId, cursor } of data.lines) places.set(allocationId, cursor);
            data.lines.sort((one, other) => one.at - other.at);
          }
          yield { id: places.format(), data };
        }
      }
    } finally {
      stop();
      stopping.abort(new Error('the reader left'));
    }
  }
  return { 'log.follow': follow };
}

/** The newest lines of all replicas of an app, in the order of their time; what cannot be had is left out and named. */
export async function readLogs(
  sessions: Parts['sessions'],
  sources: readonly LogSource[],
  tail: number,
  signal: AbortSignal,
): Promise<{ readonly lines: readonly LogLine[]; readonly gaps: readonly { allocationId: AllocationId; message: string }[] }> {
  let lines: LogLine[] = [];
  const gaps: { allocationId: AllocationId; message: string }[] = [];
  for (const source of sources) {
    try {
      for await (const line of readLogStream(sessions, source, { tail, follow: false }, signal)) lines.push(line);
    } catch (cause) {
      gaps.push({ allocationId: source.allocationId, message: toCloudlessError(cause).message });
    }
    // Of a hundred replicas no more is held than is told.
    lines = lines.sort((one, other) => one.at - other.at).slice(lines.length - Math.min(lines.length, tail));
  }
  return { lines, gaps };
}
