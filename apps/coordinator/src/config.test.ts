import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const GOOD = { CLOUDLESS_DATA: '/var/lib/cloudless' };
const mistakesOf = (environment: Record<string, string>): string => {
  try {
    parseConfig(environment);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('the configuration', () => {
  it('needs the data folder alone', () => {
    expect(parseConfig(GOOD)).toMatchObject({
      port: 7600,
      host: '127.0.0.1',
      appPorts: { from: 7700, to: 7999 },
      faults: { fsyncDelayMs: 0 },
    });
  });

  it('says each mistake in a line of its own, naming the variable and the value', () => {
    const message = mistakesOf({ CLOUDLESS_PORT: 'http', CLOUDLESS_PUBLIC_URL: 'ftp://x', CLOUDLESS_LOG_LEVEL: 'loud' });
    expect(message.split('\n')).toHaveLength(4);
    expect(message).toContain('CLOUDLESS_DATA is not set');
    expect(message).toContain('CLOUDLESS_PORT must be a port from 0 to 65535; it is "http"');
  });

  it.each([
    [{ CLOUDLESS_TLS_CERT: '/a.pem' }, 'belong together'],
    [{ CLOUDLESS_PORT: '7800' }, 'lies in CLOUDLESS_APP_PORTS'],
    [{ CLOUDLESS_DATA: 'data' }, 'absolute path'],
    [{ CLOUDLESS_APP_PORTS: '8000-7000' }, 'low-high'],
    [{ CLOUDLESS_PUBLIC_URL: 'https://a.example/path' }, 'without a path'],
  ])('refuses %j', (extra, said) => expect(mistakesOf({ ...GOOD, ...extra })).toContain(said));

  it('honours faults only when they are switched on', () => {
    const faulty = { ...GOOD, CLOUDLESS_CRASH_AT: 'deploy.beforeCommit', CLOUDLESS_FSYNC_DELAY_MS: '200' };
    expect(parseConfig(faulty).faults).toEqual({ crashAt: undefined, fsyncDelayMs: 0 });
    expect(parseConfig({ ...faulty, CLOUDLESS_TEST_FAULTS: '1' }).faults).toEqual({ crashAt: 'deploy.beforeCommit', fsyncDelayMs: 200 });
  });
});
