import { createManualClock } from '@cloudless/kernel/testing';
import { nullLogger } from '@cloudless/kernel';
import type { AllocationId } from '@cloudless/proto';
import { expect, test } from 'vitest';
import type { ObservedContainer, RawLogLine } from '../runtime/runtime.ts';
import { createLogCollector } from './log-collector.ts';
import { createMemoryLogStore } from './memory-log-store.ts';

const allocationId = `alloc_${'a'.repeat(26)}` as AllocationId;
const line = (index: number): RawLogLine => ({ timestampNs: `170000000000000000${index}`, stream: 'stdout', text: `line ${index}` });

/** An engine whose container prints what the test says; a read ends when the test ends the run. */
function createPrinter() {
  const printed: RawLogLine[] = [];
  let news = Promise.withResolvers<void>();
  let runs = 0;
  let reads = 0;
  const wake = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  return {
    print(...lines: RawLogLine[]) {
      printed.push(...lines);
      wake();
    },
    /** The container ends; it may be started again. */
    endRun() {
      runs += 1;
      wake();
    },
    get reads() {
      return reads;
    },
    async *logs(_id: string, sinceNs: string | undefined): AsyncIterable<RawLogLine> {
      reads += 1;
      const run = runs;
      let at = sinceNs === undefined ? 0 : printed.findIndex((one) => one.timestampNs >= sinceNs);
      for (;;) {
        for (; at < printed.length; at += 1) {
          const next = printed[at];
          if (next) yield next;
        }
        if (run !== runs) return;
        await news.promise;
      }
    },
  };
}

const container = (state: ObservedContainer['state'], endedAt?: number): ObservedContainer => ({
  allocationId,
  containerId: 'c1',
  generation: 1,
  specHash: 'hash',
  state,
  createdAt: 0,
  graceMs: 0,
  hostPorts: {},
  ...(endedAt === undefined ? {} : { exit: { code: 1, oomKilled: false, at: endedAt } }),
});

function open() {
  const printer = createPrinter();
  const store = createMemoryLogStore();
  const clock = createManualClock();
  const collector = createLogCollector({ runtime: { logs: (id, since) => printer.logs(id, since) }, store, clock, logger: nullLogger });
  const texts = async (): Promise<string[]> => {
    await clock.advance(0);
    await clock.advance(0);
    return (await store.read(allocationId, { limit: 100 })).map(({ text }) => text);
  };
  return { printer, collector, texts };
}

test('what an ended container printed is read once, however often it is seen', async () => {
  const { printer, collector, texts } = open();
  printer.print(line(1));
  collector.follow(container('exited', 5));
  expect(await texts()).toEqual(['line 1']);
  printer.endRun();
  for (let look = 0; look < 3; look += 1) {
    await texts();
    collector.follow(container('exited', 5));
  }
  expect(printer.reads).toBe(1);
});

test('a container that was started again before its last lines were read is followed on at once, no line twice', async () => {
  const { printer, collector, texts } = open();
  printer.print(line(1));
  collector.follow(container('running'));
  expect(await texts()).toEqual(['line 1']);
  // Started again, and seen so, while the read of the first run is still open.
  collector.follow(container('running'));
  printer.print(line(2));
  printer.endRun();
  await texts();
  printer.print(line(3));
  expect(await texts()).toEqual(['line 1', 'line 2', 'line 3']);
  expect(printer.reads).toBe(2);
});
