import { execFileSync } from 'node:child_process';
import { API, type Procedure } from '@cloudless/proto';
import { expect, test } from 'vitest';
import { describeCall } from './describe-call.ts';

const BASE = 'http://localhost:7600/';
const WORKLOAD = 'wl_aaaaaaaaaaaaaaaaaaaaaaaaaa';

/** The words that a real shell gives to curl. */
const wordsOf = (command = ''): string[] =>
  execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`], { encoding: 'utf8', env: { CLOUDLESS_TOKEN: 'cl_secret' } })
    .split('\0')
    .slice(0, -1);

test('a shell hands curl exactly what was meant, whatever the input holds', () => {
  const command = `it's "$HOME" \`id\` \\ \n ; rm -rf / & 'x'`;
  const { curl } = describeCall('workload.create', { metadata: { name: 'web' }, spec: { image: 'nginx:1', args: [command] } }, BASE);
  const words = wordsOf(curl);
  expect(words).toEqual([
    '--fail-with-body',
    '-X',
    'POST',
    '-H',
    'Authorization: Bearer cl_secret',
    '-H',
    'Content-Type: application/json',
    '--data-raw',
    JSON.stringify({ metadata: { name: 'web' }, spec: { image: 'nginx:1', args: [command] } }),
    'http://localhost:7600/api/v1/workloads',
  ]);
});

test('puts ids into the path, the guard into If-Match and the rest into the body', () => {
  const { curl } = describeCall('workload.scale', { workloadId: WORKLOAD, ifGeneration: 3, replicas: 2 }, BASE);
  const words = wordsOf(curl);
  expect(words).toContain('If-Match: "3"');
  expect(words).toContain('{"replicas":2}');
  expect(words.at(-1)).toBe(`http://localhost:7600/api/v1/workloads/${WORKLOAD}/scale`);
});

test('puts the input of a read into the address', () => {
  const { curl } = describeCall('event.list', { limit: 5, kinds: ['node.joined', 'node.lost'] }, BASE);
  expect(wordsOf(curl).at(-1)).toBe('http://localhost:7600/api/v1/events?limit=5&kinds=node.joined&kinds=node.lost');
});

test('has no command for what REST does not serve, and a program for everything', () => {
  for (const [name, procedure] of Object.entries<Procedure>(API)) {
    const described = describeCall(name as keyof typeof API, {} as never, BASE);
    expect('curl' in described).toBe(procedure.rest !== undefined);
    expect(described.sdk).toContain(`client.${name}(`);
  }
});

test('never writes the token out', () => {
  const { curl, sdk } = describeCall('node.list', {}, BASE);
  expect(curl).toContain('$CLOUDLESS_TOKEN');
  expect(sdk).toContain('process.env.CLOUDLESS_TOKEN');
});
