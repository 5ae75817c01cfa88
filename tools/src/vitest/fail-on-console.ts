import { afterEach, beforeEach } from 'vitest';

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
const written: string[] = [];

/** Output in a test is a warning that nobody reads: it fails the test that wrote it. */
beforeEach(() => {
  written.length = 0;
  for (const method of METHODS) {
    console[method] = (...parts: unknown[]) => void written.push(`console.${method}: ${parts.map(String).join(' ')}`);
  }
});

afterEach(() => {
  if (written.length > 0) throw new Error(`a test writes nothing to the console, but this one wrote:\n${written.join('\n')}`);
});
