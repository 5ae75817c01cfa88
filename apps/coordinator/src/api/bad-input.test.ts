import { API, type ProcedureName } from '@cloudless/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestApi, failureOf, outcomeOf } from './testing/create-test-api.ts';

const OWNER = { role: 'owner' } as const;
const NAMES = Object.keys(API) as ProcedureName[];
const fieldsOf = (name: ProcedureName): string[] => Object.keys(API[name].input.shape);
/** Fields that take any short text: no type is wrong that JSON can hold but the ones below. */
const WRONG: readonly unknown[] = [null, [[]], { a: { b: 1 } }, true, -1.5];

/** Fields that are true or false. */
const SWITCHES: ReadonlySet<string> = new Set(['schedulable', 'approval', 'paused', 'draining', 'wordsDiffer']);

/** Values of JSON of any shape, with the words that have undone others. */
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(fc.constantFrom('__proto__', 'constructor', 'toString', 'then', 'length', 'kind'), fc.jsonValue({ maxDepth: 1 })),
);

describe('wrong input', () => {
  it.each(NAMES)('of %s is invalid_input with the path of each fault, never a fault of ours', async (name) => {
    await using api = await createTestApi();
    for (const field of fieldsOf(name)) {
      for (const wrong of WRONG) {
        if (wrong === true && SWITCHES.has(field)) continue;
        const failure = await failureOf(api.call(OWNER, name, { [field]: wrong }));
        expect([failure?.code, failure?.issues.some(({ path }) => path.split('.')[0] === field)]).toEqual(['invalid_input', true]);
      }
    }
    const unknown = await failureOf(api.call(OWNER, name, { nobodyKnowsThis: 1 }));
    expect(unknown?.code).toBe('invalid_input');
    expect(unknown?.issues).toContainEqual({ path: 'nobodyKnowsThis', message: 'is not a field', rule: 'unknownField' });
  });

  it('of any shape is refused by every procedure and written nowhere', async () => {
    await using api = await createTestApi();
    const before = api.store.revision;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...NAMES), json, async (name, input) => {
        // An empty object is what many procedures want.
        fc.pre(!(typeof input === 'object' && input !== null && Object.keys(input).every((key) => key === 'limit')));
        expect(await outcomeOf(api.call(OWNER, name, input))).toBe('invalid_input');
      }),
      { numRuns: 300 },
    );
    expect(api.store.revision).toBe(before);
    expect(api.logger.events.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('what a later release serves', () => {
  const create = (spec: object) => ({ metadata: { name: 'web' }, spec: { image: 'example/web:1', ...spec } });
  it.each([
    ['spec.volumes', { volumes: [] }],
    ['spec.livenessProbe', { livenessProbe: { tcp: { port: 80 } } }],
    ['spec.placement', { placement: {} }],
    ['spec.type', { type: 'cron' }],
    ['spec.resources.requests.gpus', { resources: { requests: { gpus: 1 } } }],
  ])('%s is refused by its name as not supported yet', async (path, spec) => {
    await using api = await createTestApi();
    const failure = await failureOf(api.call(OWNER, 'workload.create', create(spec)));
    expect([failure?.code, failure?.issues]).toEqual(['not_supported_yet', [{ path, message: 'is not served yet', rule: 'notServed' }]]);
    expect(failure?.message).toContain(path);
  });

  it('is told beside what is wrong anyway', async () => {
    await using api = await createTestApi();
    const failure = await failureOf(api.call(OWNER, 'workload.create', create({ volumes: [], image: 'Not An Image' })));
    expect([failure?.code, failure?.issues.map(({ path }) => path).sort()]).toEqual(['invalid_input', ['spec.image', 'spec.volumes']]);
  });

  it('is told apart from what no release knows', async () => {
    await using api = await createTestApi();
    const failure = await failureOf(api.call(OWNER, 'workload.create', create({ type: 'banana', volume: [] })));
    expect([failure?.code, failure?.issues]).toEqual([
      'invalid_input',
      [
        { path: 'spec.type', message: 'is not service', rule: 'value' },
        { path: 'spec.volume', message: 'is not a field', rule: 'unknownField' },
      ],
    ]);
  });
});

it('a fault of ours is told by an id alone, and logged with its cause under that id', async () => {
  await using api = await createTestApi({
    describeCluster: () => {
      throw new Error('a secret of the inside');
    },
  });
  const authorization = `Bearer ${await api.claim('read')}`;
  await using server = await api.listen();
  const ask = async (path: string) => {
    const answer = await fetch(server.url + path, { headers: { authorization } });
    return { status: answer.status, text: await answer.text() };
  };
  const answers = [await ask(`/trpc/cluster.get?input=${encodeURIComponent('{}')}`), await ask('/api/v1/cluster')];
  const faults = api.logger.events.filter(({ level }) => level === 'error');
  expect(faults).toHaveLength(2);
  for (const [index, { status, text }] of answers.entries()) {
    expect([status, text.includes('secret')]).toEqual([500, false]);
    expect(text).toContain(`"errorId":"${String(faults[index]?.['errorId'])}"`);
    expect(faults[index]?.cause).toContain('a secret of the inside');
  }
});

it('no input at all is an input without fields', async () => {
  await using api = await createTestApi();
  await using server = await api.listen();
  expect(await (await fetch(`${server.url}/trpc/claim.state`)).json()).toEqual({ result: { data: { claimed: false } } });
});
