const KIB = 2 ** 10;
const UNITS = [
  { name: 'GiB', size: KIB ** 3 },
  { name: 'MiB', size: KIB ** 2 },
  { name: 'KiB', size: KIB },
] as const;

/** `1.2 GiB`: rounded down to one decimal, so that what is promised to fit does. */
export function formatBytes(bytes: number): string {
  for (const unit of UNITS) {
    if (bytes >= unit.size) return `${Math.floor((bytes / unit.size) * 10) / 10} ${unit.name}`;
  }
  return `${bytes} bytes`;
}

/** `300 millicores` or `2 cores`. */
export function formatMillicores(millicores: number): string {
  if (millicores >= 1000 && millicores % 1000 === 0) return millicores === 1000 ? '1 core' : `${millicores / 1000} cores`;
  return `${millicores} millicores`;
}

/** `900 ms`, `4 s`, `2 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
