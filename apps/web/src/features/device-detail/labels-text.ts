/** Labels as people type them: one `key=value` a line, in order of their keys. */
export const labelsToText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');

export type ReadLabels =
  | { readonly kind: 'labels'; readonly labels: Readonly<Record<string, string>> }
  | { readonly kind: 'wrong'; /** From 1. */ readonly line: number };

/** Reads what was typed; empty lines are left out, the last of two equal keys wins. */
export function readLabels(text: string): ReadLabels {
  const labels: Record<string, string> = {};
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, key, value] = /^\s*([^\s=]+)\s*=\s*(\S*)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) return { kind: 'wrong', line: index + 1 };
    labels[key] = value;
  }
  return { kind: 'labels', labels };
}
