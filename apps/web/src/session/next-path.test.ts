import { describe, expect, it } from 'vitest';
import { readNextPath, signInPath } from './next-path.ts';

describe('the path after sign-in', () => {
  it('is the one that was asked for', () => {
    expect(readNextPath(new URL(signInPath('/apps/wl_a?tab=logs'), 'http://localhost').search)).toBe('/apps/wl_a?tab=logs');
  });
  it('keeps a fragment out of what a server sees', () => {
    const url = new URL(signInPath('/pair', '#ABCD-EFGH'), 'http://localhost');
    expect(readNextPath(url.search) + url.hash).toBe('/pair#ABCD-EFGH');
    expect(url.search).not.toContain('ABCD');
  });
  it('never leads to another site, nor back to the doors', () => {
    for (const evil of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/sign-in', '/claim'])
      expect(readNextPath(`?next=${encodeURIComponent(evil)}`)).toBe('/');
  });
});
