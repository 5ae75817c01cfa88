import { expect, test } from 'vitest';
import { engineError, pullError } from './docker-errors.ts';
import { splitImage } from '../docker.ts';
import { explainAbsence } from './probe-engine.ts';

const said = (text: string, statusCode?: number): Error =>
  Object.assign(new Error(text), statusCode === undefined ? {} : { statusCode, json: { message: text } });
const broken = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

/** As Docker 20.10 to 28, containerd and Podman word them. */
const PULLS: readonly (readonly [string, string])[] = [
  [
    "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'image_not_found',
  ],
  ['manifest for nginx:9999 not found: manifest unknown: manifest unknown', 'image_not_found'],
  ['no matching manifest for linux/amd64 in the manifest list entries', 'image_platform_mismatch'],
  ['Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host', 'registry_unreachable'],
  ['Get "https://registry.example/v2/": dial tcp 10.0.0.1:443: connect: connection refused', 'registry_unreachable'],
  [
    'Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'registry_unreachable',
  ],
  ['toomanyrequests: You have reached your pull rate limit', 'registry_unreachable'],
  ['something nobody has seen', 'registry_unreachable'],
];

test.each(PULLS)('a pull that ends with "%s" is %s', (text, code) => {
  expect(pullError('example/web:1', said(text))).toMatchObject({ code });
});

test('what the client of the engine puts before its words is left out', () => {
  const failed = new Error('(HTTP code 500) server error - Get "https://registry.invalid/v2/": dial tcp: no such host ');
  expect(pullError('example/web:1', failed)).toMatchObject({
    code: 'registry_unreachable',
    params: { said: 'Get "https://registry.invalid/v2/": dial tcp: no such host' },
  });
});

test('refusals and outages are told apart, and the engine is quoted', () => {
  expect(
    engineError(
      'starting',
      said('driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated', 500),
    ),
  ).toMatchObject({ code: 'port_taken' });
  expect(engineError('starting', said('listen tcp4 127.0.0.1:80: bind: address already in use', 500))).toMatchObject({
    code: 'port_taken',
  });
  expect(engineError('starting', said('exec: "nope": executable file not found in $PATH', 400))).toMatchObject({
    code: 'container_refused',
    message: expect.stringContaining('"nope"') as string,
  });
  expect(engineError('starting', broken('ECONNREFUSED'))).toMatchObject({ code: 'engine_unavailable' });
  expect(pullError('example/web:1', broken('ENOENT'))).toMatchObject({ code: 'engine_unavailable' });
});

test('an engine that is absent, stopped or forbidden is told apart, each with its remedy', () => {
  const explain = (code: string, installed: boolean) => explainAbsence(broken(code), '/run/docker.sock', 'linux', () => installed);
  expect(explain('ENOENT', false)).toMatchObject({
    state: 'absent',
    cause: { message: expect.stringContaining('apt-get install docker.io') as string },
  });
  expect(explain('ENOENT', true)).toMatchObject({
    state: 'stopped',
    cause: { message: expect.stringContaining('systemctl start docker') as string },
  });
  expect(explain('ECONNREFUSED', true)).toMatchObject({ state: 'stopped' });
  expect(explain('EACCES', true)).toMatchObject({
    state: 'forbidden',
    cause: { message: expect.stringContaining('usermod -aG docker') as string },
  });
  expect(explain('EPROTO', true)).toMatchObject({ state: 'failing' });
});

test.each([
  ['nginx', 'nginx', 'latest'],
  ['nginx:1.27', 'nginx', '1.27'],
  ['localhost:5000/a/b', 'localhost:5000/a/b', 'latest'],
  ['localhost:5000/a/b:2', 'localhost:5000/a/b', '2'],
  ['nginx:1.27@sha256:abc', 'nginx', 'sha256:abc'],
])('%s is fetched as one tag, never as all', (image, fromImage, tag) => {
  expect(splitImage(image)).toEqual({ fromImage, tag });
});
