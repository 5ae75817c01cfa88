import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandVariables } from './expand-variables.ts';

const env = { NAME: 'web', EMPTY: '', NESTED: '$(NAME)' };

/** From Kubernetes' own table (third_party/forked/golang/expansion). */
const CASES: readonly (readonly [string, string])[] = [
  ['$(NAME)', 'web'],
  ['a $(NAME)-$(NAME) b', 'a web-web b'],
  ['$(EMPTY)', ''],
  ['$(NESTED)', '$(NAME)'],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(NAME)', '$(NAME)'],
  ['$$$(NAME)', '$web'],
  ['$$', '$'],
  ['$', '$'],
  ['$(NAME', '$(NAME'],
  ['$NAME', '$NAME'],
  ['$)', '$)'],
  ['', ''],
];

test.each(CASES)('%s becomes %s, as in Kubernetes', (text, expected) => {
  expect(expandVariables(text, env)).toBe(expected);
});

test('text without a dollar sign stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('$')),
      (text) => expandVariables(text, env) === text,
    ),
  );
});
