import { expect, test } from 'vitest';
import { CloudlessError, findSentence, saying } from './errors.ts';

test('an error is said by its sentence, and by none when it does not tell all that the sentence speaks of', () => {
  const said = new CloudlessError('name_taken', 'Another device is called attic.', saying('deviceNameTaken', { name: 'attic' }));
  expect(said.params).toEqual({ name: 'attic', sentence: 'deviceNameTaken' });
  expect(findSentence(said)).toBe('deviceNameTaken');
  expect(findSentence({ params: { sentence: 'deviceNameTaken' } })).toBeUndefined();
  expect(findSentence({ params: { sentence: 'toString', name: 'attic' } })).toBeUndefined();
  expect(findSentence(new CloudlessError('stale', 'Changed.'))).toBeUndefined();
});
