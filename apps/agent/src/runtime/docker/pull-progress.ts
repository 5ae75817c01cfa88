import type { PullProgress } from '../runtime.ts';

/** One line of the engine's answer to a pull. */
export type PullLine = {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
};

/** Adds up the layers' bytes. Totals grow as layers are discovered. */
export function createPullProgress(onProgress: (progress: PullProgress) => void): (line: PullLine) => void {
  const layers = new Map<string, { current: number; total: number }>();
  return (line) => {
    const { id, status } = line;
    if (id === undefined) return onProgress(sum(layers));
    const layer = layers.get(id) ?? { current: 0, total: 0 };
    const { current, total } = line.progressDetail ?? {};
    if (status === 'Downloading') layers.set(id, { current: current ?? layer.current, total: total ?? layer.total });
    else if (status === 'Download complete' || status === 'Pull complete' || status === 'Already exists')
      layers.set(id, { current: layer.total, total: layer.total });
    onProgress(sum(layers));
  };
}

function sum(layers: ReadonlyMap<string, { readonly current: number; readonly total: number }>): PullProgress {
  let currentBytes = 0;
  let totalBytes = 0;
  for (const layer of layers.values()) {
    currentBytes += layer.current;
    totalBytes += layer.total;
  }
  return { currentBytes, totalBytes: Math.max(totalBytes, currentBytes) };
}
