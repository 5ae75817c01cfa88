import { readFile } from 'node:fs/promises';
import { API, type Procedure } from '@cloudless/proto';
import { expect, it } from 'vitest';
import { describeRest } from './describe-rest.ts';
import { matchRoute, STREAM_ROUTES } from './routes.ts';

type Operation = {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
  readonly parameters: { name: string; in: string }[];
};
type Document = {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: object };
};
const document = describeRest() as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);

it('is what stands in docs/openapi.json; after a change of the contract run `npm run docs`', async () => {
  const kept = await readFile(new URL('../../../../../docs/openapi.json', import.meta.url), 'utf8');
  expect(kept).toBe(`${JSON.stringify(document, null, 2)}\n`);
});

it('has every procedure with a REST address, every stream, and nothing else', () => {
  const served = Object.entries<Procedure>(API).flatMap(([name, { rest }]) => (rest ? [`${rest.method} ${rest.path} ${name}`] : []));
  const streams = Object.entries(STREAM_ROUTES).map(([name, path]) => `GET ${path} ${name}`);
  expect(operations.map(({ method, path, operationId }) => `${method} ${path} ${operationId}`).sort()).toEqual(
    [...served, ...streams].sort(),
  );
});

it.each(operations)('$method $path leads to $operationId', ({ method, path, operationId }) => {
  expect(matchRoute(method, path.replaceAll(/[{}]/g, ''))).toMatchObject({ name: operationId });
});

it('says of every operation what its path names and how it fails', () => {
  for (const { path, parameters, responses } of operations) {
    const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
    expect(path.match(/\{\w+\}/g) ?? []).toEqual(inPath);
    expect(responses).toHaveProperty('default');
  }
});

it('refers to nothing that it does not hold', () => {
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !(String(name) in document.components.schemas))).toEqual([]);
  expect(JSON.stringify(document)).not.toContain('$defs');
});
