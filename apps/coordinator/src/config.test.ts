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

  it('reads where an rqlite cluster is, and never prints its password', () => {
    const urls = 'http://10.0.0.1:4001, http://10.0.0.2:4001/';
    const { store } = parseConfig({
      ...GOOD,
      CLOUDLESS_STORE_URL: urls,
      CLOUDLESS_STORE_USER: 'cloudless',
      CLOUDLESS_STORE_PASSWORD: 'hunter2',
    });
    expect(store?.urls).toEqual(['http://10.0.0.1:4001', 'http://10.0.0.2:4001']);
    expect(JSON.stringify(store)).not.toContain('hunter2');
    const message = mistakesOf({ ...GOOD, CLOUDLESS_STORE_URL: 'http://cloudless:hunter2@10.0.0.1:4001' });
    expect(message).toContain('CLOUDLESS_STORE_PASSWORD_FILE');
    expect(message).not.toContain('hunter2');
  });

  it.each([
    [{ CLOUDLESS_STORE_URL: '10.0.0.1:4001' }, 'CLOUDLESS_STORE_URL must be one or more http://'],
    [{ CLOUDLESS_STORE_URL: 'http://a:4001,https://b:4001' }, 'all alike'],
    [{ CLOUDLESS_STORE_URL: 'http://a:4001', CLOUDLESS_STORE_CA: '/ca.pem' }, 'https://'],
    [{ CLOUDLESS_STORE_URL: 'https://a:4001', CLOUDLESS_STORE_CERT: '/c.pem' }, 'belong together'],
    [{ CLOUDLESS_STORE_URL: 'http://a:4001', CLOUDLESS_STORE_USER: 'a' }, 'belong together'],
    [{ CLOUDLESS_STORE_USER: 'a', CLOUDLESS_STORE_PASSWORD: 'b' }, 'CLOUDLESS_STORE_URL is not set'],
  ])('refuses the store %j in one line', (extra, said) => {
    const message = mistakesOf({ ...GOOD, ...extra } as Record<string, string>);
    expect(message).toContain(said);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('honours faults only when they are switched on', () => {
    const faulty = { ...GOOD, CLOUDLESS_CRASH_AT: 'deploy.beforeCommit', CLOUDLESS_FSYNC_DELAY_MS: '200' };
    expect(parseConfig(faulty).faults).toEqual({ crashAt: undefined, fsyncDelayMs: 0 });
    expect(parseConfig({ ...faulty, CLOUDLESS_TEST_FAULTS: '1' }).faults).toEqual({ crashAt: 'deploy.beforeCommit', fsyncDelayMs: 200 });
  });
});
