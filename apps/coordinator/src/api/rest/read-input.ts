import type { IncomingMessage } from 'node:http';
import { CloudlessError, type Procedure } from '@cloudless/proto';
import { JSON_TYPE } from './answers.ts';
import { fieldKinds } from './routes.ts';

/** Longest body in bytes; the gateway has refused what says so of itself. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

const wrong = (path: string, message: string): CloudlessError =>
  new CloudlessError('invalid_input', `${path === '' ? 'The body' : path} ${message}.`, { issues: [{ path, message }] });

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new CloudlessError('too_large', `A request body may have ${MAX_BODY_BYTES} bytes at most.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws CloudlessError `invalid_input`, `too_large` */
async function readBody(request: IncomingMessage): Promise<{ readonly text: string; readonly fields: Readonly<Record<string, unknown>> }> {
  const text = await readText(request);
  if (text.trim() === '') return { text, fields: {} };
  const type = (request.headers['content-type'] ?? JSON_TYPE).split(';', 1)[0]?.trim().toLowerCase();
  if (type !== JSON_TYPE) throw wrong('Content-Type', `is ${JSON.stringify(type)}; send ${JSON_TYPE}`);
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { text, fields: body as Record<string, unknown> };
  } catch {
    throw wrong('', 'is not JSON');
  }
  throw wrong('', 'is not a JSON object');
}

/** Text of an address as its schema wants it: `limit=5` is a number, `kinds=a&kinds=b` a list. What does not fit stays text and is refused. */
function readQuery(search: URLSearchParams, procedure: Procedure): Record<string, unknown> {
  const kinds = fieldKinds(procedure.input);
  const read = (key: string): unknown => {
    const values = search.getAll(key);
    const [only = ''] = values;
    const kind = kinds.get(key) ?? 'string';
    if (kind === 'array' || values.length > 1) return values;
    if (kind === 'integer' && /^-?\d{1,15}$/.test(only)) return Number(only);
    return kind === 'boolean' && (only === 'true' || only === 'false') ? only === 'true' : only;
  };
  return Object.fromEntries([...new Set(search.keys())].map((key) => [key, read(key)]));
}

/** `If-Match: "3"` guards the generation (RFC 9110 §13.1.1). */
function readIfMatch(header: string | undefined): { ifGeneration?: number } {
  if (header === undefined || header.trim() === '*') return {};
  const tag = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (tag === undefined) throw wrong('If-Match', 'is not an ETag that this API gave');
  return { ifGeneration: Number(tag) };
}

export type RestInput = { readonly fields: Record<string, unknown>; readonly bodyText: string };

/**
 * The input of a procedure: of a read from path and query, of a change from path, query, body and `If-Match`. The path says which row it is,
 * whatever the others say.
 *
 * @throws CloudlessError `invalid_input`, `too_large`
 */
export async function readInput(
  request: IncomingMessage,
  procedure: Procedure,
  params: Readonly<Record<string, string>>,
  search: URLSearchParams,
): Promise<RestInput> {
  const query = readQuery(search, procedure);
  if (procedure.rest?.method === 'GET') return { fields: { ...query, ...params }, bodyText: '' };
  const { text, fields } = await readBody(request);
  return { fields: { ...query, ...fields, ...readIfMatch(request.headers['if-match']), ...params }, bodyText: text };
}
