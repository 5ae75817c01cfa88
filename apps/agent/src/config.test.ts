import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('the environment is read, with defaults', () => {
  const config = readConfig({ CLOUDLESS_DATA: '/data', CLOUDLESS_NODE_NAME: '!!Kitchen Pi/4"' });
  expect(config).toMatchObject({
    folder: '/data/agent',
    joinTokenFile: '/data/agent/join-token',
    coordinatorUrls: [],
    dockerSocket: '/var/run/docker.sock',
    nodeName: 'Kitchen Pi4',
  });
});

test('DOCKER_HOST names the socket unless the agent has one of its own', () => {
  expect(readConfig({ DOCKER_HOST: 'unix:///run/podman.sock' }).dockerSocket).toBe('/run/podman.sock');
  expect(readConfig({ DOCKER_HOST: 'unix:///run/podman.sock', CLOUDLESS_DOCKER_SOCKET: '/a.sock' }).dockerSocket).toBe('/a.sock');
});

test('each wrong variable is named', () => {
  expect(() => readConfig({ CLOUDLESS_COORDINATOR_URL: 'http://x', CLOUDLESS_LOG_LEVEL: 'loud' })).toThrow(
    /CLOUDLESS_COORDINATOR_URL is not a ws:.*CLOUDLESS_LOG_LEVEL/s,
  );
});
