import { describe, expect, it } from 'vitest';
import { NO_TERMS, readTerms } from './terms.ts';

describe('the terms of a device', () => {
  it('leave the name to the device unless one is typed', () => {
    expect(readTerms({ ...NO_TERMS, name: '  ' })).toEqual({ kind: 'terms', terms: { labels: {}, lending: {} } });
    expect(readTerms({ ...NO_TERMS, name: ' attic ', labels: 'room=attic' })).toEqual({
      kind: 'terms',
      terms: { name: 'attic', labels: { room: 'attic' }, lending: {} },
    });
  });
  it('name the line of labels that cannot be read', () =>
    expect(readTerms({ ...NO_TERMS, labels: 'room=attic\nnonsense' })).toEqual({ kind: 'wrong', line: 2 }));
});
