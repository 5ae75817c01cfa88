import { expect, it } from 'vitest';
import { commandKeyOf } from './command-key.ts';

it('names the key that the keyboard of the reader has', () => {
  expect(commandKeyOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15')).toBe('apple');
  expect(commandKeyOf('Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15')).toBe('apple');
  expect(commandKeyOf('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36')).toBe('other');
  expect(commandKeyOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0')).toBe('other');
});
