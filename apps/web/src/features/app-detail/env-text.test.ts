import { expect, test } from 'vitest';
import { isSensitive, readEnv, writeEnv } from './env-text.ts';

test('reads comments, exports, quotes and empty values as shells do', () => {
  const text = [
    '# a comment',
    '',
    'A=1',
    'export B = two words # note',
    'C="with # and space"',
    'D=\'single "inside"\'',
    'E=',
    'A=last',
  ].join('\n');
  expect(readEnv(text)).toEqual({
    kind: 'variables',
    variables: { A: 'last', B: 'two words', C: 'with # and space', D: 'single "inside"', E: '' },
  });
});

test('names the line that is wrong', () => {
  expect(readEnv('A=1\nnot a variable\nB=2')).toEqual({ kind: 'wrong', line: 2, text: 'not a variable' });
  expect(readEnv('1A=1')).toMatchObject({ kind: 'wrong', line: 1 });
  expect(readEnv('A="open')).toMatchObject({ kind: 'wrong', line: 1 });
});

test('reads back what it wrote', () => {
  const variables = { PLAIN: 'abc', SPACE: 'a b', QUOTE: 'say "x"', LINES: 'a\nb', EMPTY: '' };
  expect(readEnv(writeEnv(variables))).toEqual({ kind: 'variables', variables });
});

test('takes names of secrets for secrets', () => {
  expect(['DB_PASSWORD', 'API_KEY', 'authToken'].every(isSensitive)).toBe(true);
  expect(isSensitive('GREETING')).toBe(false);
});
