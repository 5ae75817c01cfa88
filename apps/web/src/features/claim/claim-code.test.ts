import { expect, it } from 'vitest';
import { readClaimCode } from './claim-code.ts';

it('reads the claim code of the fragment before that of the query', () => {
  expect(readClaimCode('', '#code=AB%2DCD')).toBe('AB-CD');
  expect(readClaimCode('?code=query', '#code=fragment')).toBe('fragment');
  expect(readClaimCode('?code=query', '')).toBe('query');
  expect(readClaimCode('?code=%20', '#other')).toBeUndefined();
});
