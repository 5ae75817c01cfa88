import { describe, expect, test } from 'vitest';
import { parseStartOptions } from './options.ts';

const parse = (argv: readonly string[], env: Record<string, string> = {}) => parseStartOptions(argv, env, '/home/ada/data', '/home/ada');

describe('start options', () => {
  test('default to this machine only, port 7600, and an agent', () => {
    expect(parse([])).toEqual({
      kind: 'options',
      options: {
        dataFolder: '/home/ada/data',
        port: 7600,
        host: '127.0.0.1',
        publicUrl: undefined,
        agentUrl: undefined,
        agentFile: undefined,
        tls: undefined,
        agent: true,
        service: false,
        yes: false,
        logLevel: 'info',
      },
    });
  });

  test('let a flag win over its variable', () => {
    const parsed = parse(['--port', '7650', '--no-agent'], { CLOUDLESS_PORT: '7680', CLOUDLESS_DATA: 'here', CI: '1' });
    expect(parsed).toMatchObject({ kind: 'options', options: { port: 7650, agent: false, dataFolder: '/home/ada/here', yes: true } });
  });

  test.each([
    [['--port', '0'], '--port 0 is not a port'],
    [['--port', '7e3'], '--port 7e3 is not a port'],
    [['--port', '65536'], '--port 65536 is not a port'],
    [['--port', '7750'], '--port 7750 is one of the ports of apps, 7700–7999'],
    [['--host', 'example.org'], '--host example.org is not an address'],
    [['--public-url', 'ftp://a.b'], '--public-url ftp://a.b is not http or https'],
    [['--public-url', 'https://a.b/c'], '--public-url https://a.b/c carries a path or query, but the cluster owns the whole host'],
    [['--public-url', 'https://me:x@a.b'], '--public-url https://me:x@a.b carries a user name or password'],
    [['--tls-cert', 'a.pem'], '--tls-key is missing: certificate and key come together'],
    [['--log-level', 'loud'], '--log-level loud is not a level'],
    [['--prot', '7'], "Unknown option '--prot'"],
    [['extra'], "Unexpected argument 'extra'"],
  ])('refuse %j in one line', (argv, problem) => {
    const parsed = parse(argv);
    expect(parsed).toMatchObject({ kind: 'refused', refusals: [{ problem: expect.stringContaining(problem) }] });
  });

  test('name every wrong flag at once', () => {
    const parsed = parse(['--port', 'x', '--host', 'y']);
    expect(parsed.kind === 'refused' ? parsed.refusals : []).toHaveLength(2);
  });
});
