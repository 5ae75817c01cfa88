import { expect, it } from 'vitest';
import { toInputIssue } from './input-issue.ts';
import { workloadSpecSchema } from './workload.ts';

it.each<[string, object, object]>([
  ['a text that is too long', { image: `a${'b'.repeat(600)}` }, { path: 'image', rule: 'tooLong', limit: 512 }],
  ['a list that is too long', { args: Array.from({ length: 300 }, () => 'x') }, { path: 'args', rule: 'tooLong', limit: 256 }],
  ['a number that is too large', { replicas: 101 }, { path: 'replicas', rule: 'tooLarge', limit: 100 }],
  ['a number that is too small', { replicas: -1 }, { path: 'replicas', rule: 'tooSmall', limit: 0 }],
  ['a text of another form', { image: 'No Image' }, { path: 'image', rule: 'format' }],
  ['a key of another form', { env: { '1x': '' } }, { path: 'env.1x', rule: 'format' }],
  ['another kind of value', { replicas: 'two' }, { path: 'replicas', rule: 'type' }],
  ['none of the values', { restartPolicy: { policy: 'maybe' } }, { path: 'restartPolicy.policy', rule: 'value' }],
  ['what a later release serves', { type: 'job' }, { path: 'type', rule: 'notServed', message: 'is not served yet' }],
])('tells the rule that %s breaks, and its limit', (_what, wrong, told) => {
  const { error } = workloadSpecSchema.safeParse({ image: 'nginx:1', ...wrong });
  expect(error?.issues.map(toInputIssue)).toEqual([{ message: expect.any(String), ...told }]);
});
