import { API, type Procedure, type ProcedureName } from '@cloudless/proto';
import { JSON_TYPE, okStatus, REST_ROOT } from './answers.ts';
import { createJsonSchemas, type JsonSchema } from './json-schemas.ts';
import { pathKeys, STREAM_ROUTES, type StreamName } from './routes.ts';
import { STREAM_INPUTS, STREAM_OUTPUTS } from './serve-streams.ts';

/** Version of the REST contract: the 1 in `/api/v1`. */
const VERSION = '1.0.0';

const STREAM_SUMMARIES: Readonly<Record<StreamName, string>> = {
  logs: 'Log lines of all replicas of an app: the newest, or live with follow=true',
  'events.follow': 'Events as they happen; an empty line every 10 s says that all is well',
};

type Properties = Readonly<Record<string, JsonSchema>>;
type Described = { readonly properties: Properties; readonly required: readonly string[] };

const input = createJsonSchemas('input');
const output = createJsonSchemas('output');

function fieldsOf(schema: JsonSchema): Described {
  const { properties = {}, required = [] } = schema as { properties?: Properties; required?: readonly string[] };
  return { properties, required };
}

const parameter = (place: 'path' | 'query' | 'header', name: string, schema: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  name,
  in: place,
  schema,
  ...(place === 'path' ? { required: true } : {}),
  ...more,
});

/** Parameters of an address: what the path names, and of a read the rest in the query. */
function addressParameters(path: string, { properties, required }: Described, isRead: boolean): JsonSchema[] {
  const inPath = new Set(pathKeys(path));
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (inPath.has(name)) return [parameter('path', name, schema)];
    return isRead ? [parameter('query', name, schema, required.includes(name) ? { required: true } : {})] : [];
  });
}

const IF_MATCH = parameter(
  'header',
  'If-Match',
  { type: 'string', pattern: '^"\\d{1,15}"$' },
  { description: 'The ETag that was read: refused with 412 when the app has changed meanwhile' },
);
const IDEMPOTENCY_KEY = parameter(
  'header',
  'Idempotency-Key',
  { type: 'string', maxLength: 255 },
  { description: 'The same key and request give the same answer for a day' },
);
const ETAG = { etag: { description: 'The generation: send it back as If-Match', schema: { type: 'string' } } };
const PROBLEM = {
  description: 'Refused or failed',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function bodyOf(path: string, { properties, required }: Described): JsonSchema {
  const left = new Set(['ifGeneration', ...pathKeys(path)]);
  const names = Object.keys(properties).filter((name) => !left.has(name));
  if (names.length === 0) return {};
  const schema = {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, properties[name]])),
    required: required.filter((name) => !left.has(name)),
    additionalProperties: false,
  };
  return { requestBody: { required: true, content: { [JSON_TYPE]: { schema } } } };
}

function describeProcedure(name: ProcedureName, procedure: Procedure, path: string): JsonSchema {
  const isRead = procedure.rest?.method === 'GET';
  const described = fieldsOf(input.of(procedure.input));
  const out = output.of(procedure.output);
  const hasGeneration = out['$ref'] === '#/components/schemas/Workload';
  const headers = procedure.kind === 'mutation' && name !== 'node.createJoinToken' ? [IDEMPOTENCY_KEY] : [];
  return {
    operationId: name,
    summary: procedure.summary,
    tags: [name.split('.', 1)[0]],
    parameters: [...addressParameters(path, described, isRead), ...('ifGeneration' in described.properties ? [IF_MATCH] : []), ...headers],
    ...(isRead ? {} : bodyOf(path, described)),
    responses: {
      [okStatus(name)]: { description: 'Done', ...(hasGeneration ? { headers: ETAG } : {}), content: { [JSON_TYPE]: { schema: out } } },
      default: PROBLEM,
    },
  };
}

function describeStream(name: StreamName, path: string): JsonSchema {
  return {
    operationId: name,
    summary: STREAM_SUMMARIES[name],
    tags: [name === 'logs' ? 'log' : 'event'],
    parameters: addressParameters(path, fieldsOf(input.of(STREAM_INPUTS[name])), true),
    responses: {
      200: { description: 'A JSON object a line', content: { 'application/x-ndjson': { schema: output.of(STREAM_OUTPUTS[name]) } } },
      default: PROBLEM,
    },
  };
}

/** The named schemas that something refers to. */
function usedSchemas(paths: JsonSchema): JsonSchema {
  const all = { ...input.named(), ...output.named() };
  const used: Record<string, JsonSchema> = {};
  const use = (part: JsonSchema): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = all[name];
      if (!schema || name in used) continue;
      used[name] = schema;
      use(schema);
    }
  };
  use(paths);
  return Object.fromEntries(Object.entries(used).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The OpenAPI 3.1 document of the REST side, made from the contract. */
export function describeRest(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [name, procedure] of Object.entries<Procedure>(API)) {
    if (!procedure.rest) continue;
    const { path, method } = procedure.rest;
    (paths[path] ??= {})[method.toLowerCase()] = describeProcedure(name as ProcedureName, procedure, path);
  }
  for (const [name, path] of Object.entries(STREAM_ROUTES)) paths[path] = { get: describeStream(name as StreamName, path) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cloudless',
      version: VERSION,
      description: 'The same procedures as over tRPC. Every failure is problem+json (RFC 9457). Lists are paged by `cursor`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: REST_ROOT }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: usedSchemas(paths),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'An API token: `cl_…`' } },
    },
  };
}
