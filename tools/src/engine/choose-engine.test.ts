import { describe, expect, test } from 'vitest';
import { listEngineCandidates } from './candidates.ts';
import { chooseEngine, type MachineFacts } from './choose-engine.ts';
import { readFailure, readVersion, type EngineAnswer } from './probe-engine.ts';

const around = { platform: 'linux', homeFolder: '/home/ada', dockerHost: undefined, runtimeFolder: '/run/user/1000', context: undefined };
const person: MachineFacts = { platform: 'linux', isRoot: false, isDebian: true, hasDockerd: false, hasInit: true, userName: 'ada' };
const running: EngineAnswer = { kind: 'answers', version: '29.1', platform: 'linux/amd64', osType: 'linux' };

/** Every candidate is absent but those named. */
const probed = (answers: Readonly<Record<string, EngineAnswer>>) =>
  listEngineCandidates(around).map((candidate) => ({ ...candidate, answer: answers[candidate.address] ?? { kind: 'absent' as const } }));

describe('candidates', () => {
  test('are DOCKER_HOST alone when it is set', () => {
    expect(listEngineCandidates({ ...around, dockerHost: 'tcp://box:2375' }).map((candidate) => candidate.address)).toEqual([
      'tcp://box:2375',
    ]);
  });

  test('begin with the chosen context and name no address twice', () => {
    const addresses = listEngineCandidates({ ...around, context: { name: 'lab', address: 'unix:///run/user/1000/docker.sock' } }).map(
      (candidate) => candidate.address,
    );
    expect(addresses[0]).toBe('unix:///run/user/1000/docker.sock');
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test('hold Colima, OrbStack and Docker Desktop on a Mac', () => {
    const sources = listEngineCandidates({ ...around, platform: 'darwin' }).map((candidate) => candidate.source);
    expect(sources).toEqual(expect.arrayContaining(['Docker Desktop', 'OrbStack', 'Colima', 'Podman']));
  });
});

describe('choice', () => {
  test('takes the first that answers, past stopped ones', () => {
    const choice = chooseEngine(
      probed({ 'unix:///var/run/docker.sock': { kind: 'stopped' }, 'unix:///run/user/1000/podman/podman.sock': running }),
      person,
    );
    expect(choice).toMatchObject({ kind: 'use', engine: { source: 'rootless Podman' } });
  });

  test('tells no permission, stopped and absent apart, each with its command', () => {
    expect(chooseEngine(probed({ 'unix:///var/run/docker.sock': { kind: 'no-permission' } }), person)).toMatchObject({
      state: 'no permission',
      remedy: expect.stringContaining('usermod -aG docker ada'),
    });
    expect(chooseEngine(probed({ 'unix:///home/ada/.colima/default/docker.sock': { kind: 'stopped' } }), person)).toMatchObject({
      state: 'stopped',
      remedy: 'colima start',
    });
    expect(chooseEngine(probed({}), { ...person, hasDockerd: true })).toMatchObject({
      state: 'stopped',
      remedy: 'sudo systemctl start docker',
    });
    expect(chooseEngine(probed({}), person)).toMatchObject({
      state: 'absent',
      remedy: expect.stringContaining('apt-get install docker.io'),
    });
  });

  test('as root installs on Debian, and starts what is installed by init or by itself', () => {
    const root = { ...person, isRoot: true };
    expect(chooseEngine(probed({}), root)).toEqual({ kind: 'install' });
    expect(chooseEngine(probed({}), { ...root, hasDockerd: true })).toEqual({ kind: 'start', by: 'init' });
    expect(
      chooseEngine(probed({ 'unix:///var/run/docker.sock': { kind: 'stopped' } }), { ...root, hasDockerd: true, hasInit: false }),
    ).toEqual({ kind: 'start', by: 'ourselves' });
    expect(chooseEngine(probed({}), { ...root, isDebian: false })).toMatchObject({ kind: 'none', state: 'absent' });
  });

  test('installs and starts nothing beside a DOCKER_HOST that does not answer', () => {
    const only = listEngineCandidates({ ...around, dockerHost: 'unix:///x.sock' }).map((candidate) => ({
      ...candidate,
      answer: { kind: 'absent' as const },
    }));
    expect(chooseEngine(only, { ...person, isRoot: true, hasDockerd: true })).toMatchObject({
      kind: 'none',
      problem: expect.stringContaining('unix:///x.sock'),
    });
  });

  test('refuses Windows containers and addresses that the agent does not speak', () => {
    expect(chooseEngine(probed({ 'unix:///var/run/docker.sock': { ...running, osType: 'windows' } }), person)).toMatchObject({
      state: 'broken',
    });
    expect(chooseEngine(probed({ 'unix:///var/run/docker.sock': { kind: 'unsupported', scheme: 'ssh' } }), person)).toMatchObject({
      state: 'broken',
      problem: expect.stringContaining('ssh'),
    });
  });
});

test('socket failures keep their meaning, and a web server is no engine', () => {
  expect(['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPIPE'].map((code) => readFailure(code).kind)).toEqual([
    'absent',
    'stopped',
    'no-permission',
    'failed',
  ]);
  expect(readVersion(200, '<html>')).toMatchObject({ kind: 'failed' });
  expect(readVersion(200, '{"Version":"29","Os":"linux","Arch":"arm64"}')).toMatchObject({ kind: 'answers', platform: 'linux/arm64' });
});
