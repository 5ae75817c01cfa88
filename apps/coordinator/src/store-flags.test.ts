import { expect, it } from 'vitest';
import { sayAsTyped, variablesOf } from './store-flags.ts';

it('flags that were not given leave the variables alone', () => {
  expect(variablesOf({ data: '/srv/flag', url: 'http://flag:4001' })).toEqual({
    CLOUDLESS_DATA: '/srv/flag',
    CLOUDLESS_STORE_URL: 'http://flag:4001',
  });
  expect(variablesOf({})).toEqual({});
});

it('a message names the flag where the address was typed as one, and else the variable', () => {
  const message = 'Correct CLOUDLESS_STORE_URL, and CLOUDLESS_STORE_USER.';
  expect(sayAsTyped(message, { url: 'http://flag:4001' })).toBe('Correct --url, and CLOUDLESS_STORE_USER.');
  expect(sayAsTyped(message, {})).toBe(message);
});

it('an empty --url is refused: without its address a command would go to the data folder', () => {
  expect(() => variablesOf({ url: '' })).toThrow('CLOUDLESS_STORE_URL is empty');
});
