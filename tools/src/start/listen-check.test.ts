import { expect, test } from 'vitest';
import { explainListen } from './listen-check.ts';

test('a port that is taken is answered with one that can be used', () => {
  expect(explainListen('127.0.0.1', 7600, 'EADDRINUSE').remedy).toContain('--port 7610');
  expect(explainListen('127.0.0.1', 7695, 'EADDRINUSE').remedy).toContain('--port 8000');
});
