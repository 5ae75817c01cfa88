import type { Files } from '@cloudless/agent';
import type { Draw } from './draw.ts';
import type { Incarnation } from './incarnation.ts';

/** The disk of one machine: what a program wrote is in the cache at once, and on the plate when it was synced. */
export interface Disk {
  /** The disk as one life of a program reaches it. */
  bind(life: Incarnation): Files;
  /** What was not synced is there, in part, or not at all. */
  losePower(): void;
  /** One bit of one file turns. `false`: there is no file. */
  flipBit(): boolean;
  /** So many bits turned: what programs then miss is the disk's doing. */
  readonly flipped: number;
  setFull(isFull: boolean): void;
  /** How long a sync takes at most, beyond what this disk takes anyway. */
  setSlow(extraMs: number): void;
}

export type DiskOptions = {
  readonly draw: Draw;
  /** The planted bug: it says that it is synced before it is. */
  readonly lies?: boolean;
};

const noSpace = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
const notFound = (path: string): Error => Object.assign(new Error(`ENOENT: no such file, rename '${path}'`), { code: 'ENOENT' });

function move(files: Map<string, string>, from: string, to: string): void {
  const text = files.get(from);
  if (text === undefined) return;
  files.delete(from);
  files.set(to, text);
}

export function createDisk({ draw, lies = false }: DiskOptions): Disk {
  const slowestMs = draw.pick([0, 2, 30]);
  /** What a program reads. */
  let cached = new Map<string, string>();
  /** What is there after the power went. A file that is being written is there in part. */
  const durable = new Map<string, string>();
  let renames: { readonly from: string; readonly to: string }[] = [];
  let isFull = false;
  let extraMs = 0;
  let flipped = 0;

  const syncMs = (): number => draw.between(0, slowestMs) + (extraMs === 0 ? 0 : draw.between(0, extraMs));
  const part = (text: string): string => text.slice(0, draw.between(0, text.length));

  return {
    bind: (life) => ({
      ensureFolder: () => Promise.resolve(),
      async writeSynced(path, text) {
        if (isFull) {
          cached.set(path, part(text));
          throw noSpace();
        }
        cached.set(path, text);
        durable.set(path, part(text));
        await life.clock.sleep(syncMs());
        if (!lies) durable.set(path, text);
      },
      async rename(from, to) {
        if (!cached.has(from)) throw notFound(from);
        move(cached, from, to);
        renames.push({ from, to });
      },
      async syncFolder() {
        await life.clock.sleep(syncMs());
        for (const { from, to } of renames) move(durable, from, to);
        renames = [];
      },
      read: (path) => Promise.resolve(cached.get(path)),
    }),
    losePower() {
      // A journal keeps the order of renames: the later is never there without the earlier.
      for (const { from, to } of renames.slice(0, draw.between(0, renames.length))) move(durable, from, to);
      renames = [];
      cached = new Map(durable);
    },
    flipBit() {
      const paths = [...cached.keys()];
      if (paths.length === 0) return false;
      const path = draw.pick(paths);
      const text = cached.get(path) ?? '';
      if (text.length === 0) return false;
      const at = draw.between(0, text.length - 1);
      const turned = String.fromCharCode(text.charCodeAt(at) ^ (1 << draw.between(0, 6)));
      const damaged = text.slice(0, at) + turned + text.slice(at + 1);
      cached.set(path, damaged);
      durable.set(path, damaged);
      flipped += 1;
      return true;
    },
    get flipped() {
      return flipped;
    },
    setFull(next) {
      isFull = next;
    },
    setSlow(next) {
      extraMs = next;
    },
  };
}
