import type { LendingRule } from '@cloudless/proto';
import { readLabels, type ReadLabels } from '../device-detail/labels-text.ts';

/** What a person binds to a device before it is one, as typed. */
export type Terms = { readonly name: string; readonly labels: string; readonly lending: LendingRule };
export const NO_TERMS: Terms = { name: '', labels: '', lending: {} };

export type BoundTerms = { readonly name?: string; readonly labels: Record<string, string>; readonly lending: LendingRule };

/** What is sent; the line that is wrong when labels cannot be read. */
export function readTerms({
  name,
  labels,
  lending,
}: Terms): Extract<ReadLabels, { kind: 'wrong' }> | { readonly kind: 'terms'; readonly terms: BoundTerms } {
  const read = readLabels(labels);
  if (read.kind === 'wrong') return read;
  return { kind: 'terms', terms: { ...(name.trim() === '' ? {} : { name: name.trim() }), labels: { ...read.labels }, lending } };
}
