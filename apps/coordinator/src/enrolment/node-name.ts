const FALLBACK = 'device';
const MAX_NAME = 63;

/** A name of the allowed letters, made of what a device proposes: `db-01.home` stays, `<b>x` becomes `b x`. */
export function cleanNodeName(proposal: string): string {
  const cleaned = proposal
    .replaceAll(/[^\p{L}\p{N} ._'()-]+/gu, ' ')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .trim();
  return cleaned.slice(0, MAX_NAME).trim() || FALLBACK;
}

/** `name`, or `name 2`, `name 3`, … so that no two devices are called alike. */
export function uniqueNodeName(name: string, taken: Pick<ReadonlySet<string>, 'has'>): string {
  if (!taken.has(name)) return name;
  for (let count = 2; ; count += 1) {
    const suffix = ` ${count}`;
    const candidate = `${name.slice(0, MAX_NAME - suffix.length)}${suffix}`;
    if (!taken.has(candidate)) return candidate;
  }
}
