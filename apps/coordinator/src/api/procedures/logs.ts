import { isTerminalPhase, type AllocationId, type LogLine, type ProcedureOutput } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import type { Call, Element, Handlers } from '../call.ts';
import { getWorkload } from '../owned-rows.ts';
import { toCloudlessError } from '../failure.ts';
import { readLogStream, type LogSource } from './log-streams.ts';

/** Lines that wait for a slow reader; the agents wait with them. */
const MAX_WAITING = 2000;
/** Lines told at once. */
const MAX_TOGETHER = 500;
/** A replica whose lines cannot be had is asked again after so long. */
const RETRY_MS = 2000;
/** Replicas whose place a cursor remembers: the newest. */
const MAX_PLACES = 36;

type Parts = Pick<ApiParts, 'store' | 'clock' | 'sessions'>;
type LogElement = ProcedureOutput<'log.follow'>;

function parsePlaces(lastEventId: string | undefined): Map<AllocationId, string> {
  const places = new Map<AllocationId, string>();
  for (const part of lastEventId?.split('~') ?? []) {
    const [id = '', cursor = ''] = part.split('@', 2);
    if (id !== '' && cursor !== '') places.set(`alloc_${id}` as AllocationId, cursor);
  }
  return places;
}
const formatPlaces = (places: ReadonlyMap<AllocationId, string>): string =>
  [...places]
    .slice(-MAX_PLACES)
    .map(([id, cursor]) => `${id.replace('alloc_', '')}@${cursor}`)
    .join('~');

/** What has arrived and was not told; producers wait when it is full. */
function createInbox() {
  let waiting: LogElement[] = [];
  let lines = 0;
  let news = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  return {
    async put(element: LogElement): Promise<void> {
      while (lines >= MAX_WAITING) await room.promise;
      waiting.push(element);
      lines += 1;
      news.resolve();
    },
    wake: () => {
      news.resolve();
      room.resolve();
    },
    async take(): Promise<readonly LogElement[]> {
      await news.promise;
      news = Promise.withResolvers();
      const taken = waiting.splice(0, MAX_TOGETHER);
      if (waiting.length > 0) news.resolve();
      else waiting = [];
      lines -= taken.length;
      room.resolve();
      room = Promise.withResolvers();
      return taken;
    },
  };
}

/** Neighbouring lines as one element. */
function merge(elements: readonly LogElement[]): LogElement[] {
  const merged: LogElement[] = [];
  for (const element of elements) {
    const last = merged.at(-1);
    if (element.kind === 'lines' && last?.kind === 'lines') last.lines.push(...element.lines);
    else merged.push(element.kind === 'lines' ? { kind: 'lines', lines: [...element.lines] } : element);
  }
  return merged;
}

/** Logs of all replicas of an app, merged as they arrive; replicas that come later join in. */
export function createLogProcedures({ store, clock, sessions }: Parts): Pick<Handlers, 'log.follow'> {
  function sourcesOf({ caller, input }: Call<'log.follow'>): readonly LogSource[] {
    const { row } = getWorkload(store, input.workloadId, caller);
    return store
      .allocationsOfWorkload(row.id)
      .filter(({ row: own }) => input.allocationId === undefined || own.id === input.allocationId)
      .map(({ row: own }) => ({ allocationId: own.id, nodeId: own.nodeId }));
  }
  const isOver = (id: AllocationId): boolean => {
    const row = store.get('allocation', id)?.row;
    return row === undefined || isTerminalPhase(row.observed.phase);
  };

  async function* follow(call: Call<'log.follow'>): AsyncGenerator<Element<'log.follow'>> {
    const { input } = call;
    const places = parsePlaces(input.lastEventId);
    const isResumed = places.size > 0;
    const stopping = new AbortController();
    const signal = AbortSignal.any([call.signal, stopping.signal]);
    const inbox = createInbox();
    const followed = new Set<AllocationId>();

    async function followOne(source: LogSource): Promise<void> {
      const { allocationId } = source;
      let isTold = false;
      while (!signal.aborted) {
        try {
          const after = places.get(allocationId);
          const from = after === undefined ? { tail: isResumed ? 0 : input.tail } : { after };
          for await (const line of readLogStream(sessions, source, { ...from, follow: true }, signal)) {
            isTold = false;
            await inbox.put({ kind: 'lines', lines: [line] });
          }
        } catch (cause) {
          const { message } = toCloudlessError(cause);
          if (!isTold && !signal.aborted) await inbox.put({ kind: 'gap', allocationId, message });
          isTold = true;
        }
        if (isOver(allocationId)) return;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
    const followNew = (): void => {
      for (const source of sourcesOf(call)) {
        if (followed.has(source.allocationId)) continue;
        followed.add(source.allocationId);
        void followOne(source);
      }
    };
    const stop = store.onCommit(({ changes }) => {
      const isMine = changes.some(
        (change) => change.kind === 'put' && change.table === 'allocation' && change.row.workloadId === input.workloadId,
      );
      if (isMine && store.get('workload', input.workloadId)) followNew();
    });
    signal.addEventListener('abort', inbox.wake, { once: true });
    try {
      followNew();
      while (!signal.aborted) {
        for (const data of merge(await inbox.take())) {
          if (data.kind === 'lines') for (const line of data.lines) places.set(line.allocationId, line.cursor);
          yield { id: formatPlaces(places), data };
        }
      }
    } finally {
      stop();
      stopping.abort(new Error('the reader left'));
      inbox.wake();
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
  const lines: LogLine[] = [];
  const gaps: { allocationId: AllocationId; message: string }[] = [];
  for (const source of sources) {
    try {
      for await (const line of readLogStream(sessions, source, { tail, follow: false }, signal)) lines.push(line);
    } catch (cause) {
      gaps.push({ allocationId: source.allocationId, message: toCloudlessError(cause).message });
    }
  }
  lines.sort((one, other) => one.at - other.at);
  return { lines: lines.slice(-tail), gaps };
}
