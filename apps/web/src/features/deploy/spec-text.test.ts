import { workloadSpecSchema } from '@cloudless/proto';
import { expect, test } from 'vitest';
import { EMPTY_FORM, readForm, suggestName, writeForm } from './spec-text.ts';

test('an image alone makes a whole app', () => {
  const { input, wrong } = readForm({ ...EMPTY_FORM, image: 'nginx:1.27', name: 'web', ports: '80' });
  expect(wrong).toEqual({});
  expect(input?.spec).toMatchObject({ image: 'nginx:1.27', replicas: 1, ports: [{ name: 'http', containerPort: 80 }] });
});

test('each wrong field is told beside itself', () => {
  const { input, wrong } = readForm({ ...EMPTY_FORM, image: 'Not An Image', name: 'Web', ports: '99999', replicas: 'many', env: 'x' });
  expect(input).toBeUndefined();
  expect(wrong).toEqual({
    image: { kind: 'rule', rule: 'image' },
    name: { kind: 'rule', rule: 'name' },
    ports: { kind: 'rule', rule: 'ports' },
    replicas: { kind: 'rule', rule: 'replicas' },
    env: { kind: 'env', line: 1 },
  });
});

test('a number that is none is told by its rule', () => {
  const form = { ...EMPTY_FORM, image: 'nginx:1.27', name: 'web' };
  expect(readForm({ ...form, cores: 'abc', maxMemoryMib: '1 GB' }).wrong).toEqual({
    cores: { kind: 'rule', rule: 'number' },
    maxMemoryMib: { kind: 'rule', rule: 'number' },
  });
});

test('a duration that is none, or that the contract refuses, is told beside itself', () => {
  const form = { ...EMPTY_FORM, image: 'nginx:1.27', name: 'web' };
  expect(readForm({ ...form, lostAfter: 'soon', stopAfter: '1 week' }).wrong).toEqual({
    lostAfter: { kind: 'rule', rule: 'duration' },
    stopAfter: { kind: 'rule', rule: 'duration' },
  });
  expect(readForm({ ...form, lostAfter: '0s' }).wrong).toEqual({
    lostAfter: { kind: 'said', issue: { path: 'disconnect.lostAfterMs', message: 'is shorter than 1 s' } },
  });
  expect(Object.keys(readForm({ ...form, stopAfter: '2s', exclusive: 'yes' }).wrong)).toEqual(['stopAfter']);
});

test('what a form wrote it reads back', () => {
  const spec = workloadSpecSchema.parse({
    image: 'a/b:1',
    args: ['--x', 'y z'],
    env: { A: 'b c' },
    exclusive: true,
    disconnect: { lostAfterMs: 90_000, stopAfterMs: 60_000, replace: false, reconcile: 'keepOriginal' },
    ports: [{ name: 'http', containerPort: 8080 }],
    resources: { requests: { cpuMillicores: 250, memoryBytes: 64 * 2 ** 20, storageBytes: 2 ** 30 }, limits: { storageBytes: 2 ** 31 } },
  });
  expect(readForm(writeForm({ name: 'web', spec })).input?.spec).toEqual(spec);
});

test('a name is suggested from the image', () => {
  expect(suggestName('registry:5000/team/Web_Shop:1.2@sha256:00')).toBe('web-shop');
  expect(suggestName('')).toBe('');
});
