import type { Checker } from './checker.ts';

/** A pass waits for the disk, and for the one before. */
const EMPTY_AFTER_MS = 30_000;
/** A coordinator whose wall clock was set finds what is overdue when it next looks at everything, every 30 s; that pass takes its time too. */
const CALM_MS = 60_000;

/** What is still on a device at the deadline of its drain is stopped, wherever its slot is served next. */
export const emptied: Checker = {
  name: 'a device is empty once the deadline of its drain is over',
  look({ store, calmMs, wallMs }) {
    if (!store || calmMs < CALM_MS) return undefined;
    for (const { row: node } of store.list('node')) {
      const overMs = wallMs - (node.drain?.deadlineAt ?? Infinity);
      if (overMs < EMPTY_AFTER_MS) continue;
      const left = store.allocationsOfNode(node.id).find(({ row }) => row.desired === 'running');
      if (left) return `${node.name} was to be empty ${overMs} ms ago, and is to run ${left.row.id}`;
    }
    return undefined;
  },
};
