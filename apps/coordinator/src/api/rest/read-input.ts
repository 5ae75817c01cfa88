import type { IncomingMessage } from 'node:http';
import { CloudlessError, type Procedure } from '@cloudless/proto';

/** Longest body in bytes; the gateway has refused what says so of itself. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new CloudlessError('too_large', `A request body may have ${MAX_BODY_BYTES} bytes at most.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const wrong = (path: string, message: string): CloudlessError =>
  new CloudlessError('invalid_input', `${path === '' ? 'The body' : path} ${message}.`, { issues: [{ path, message }] });

function parseBody(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    throw wrong('', 'is not JSON');
  }
  throw wrong('', 'is not a JSON object');
}

/** Text of an address as the schema wants it: `limit=5` is a number, `kinds=a&kinds=b` a list. */
function readQuery(search: URLSearchParams): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key);
    const [only = ''] = values;
    if (key === 'kinds' || values.length > 1) fields[key] = values;
    else fields[key] = /^(limit|tail|replicas|ifGeneration)$/.test(key) && /^\d{1,9}$/.test(only) ? Number(only) : only;
  }
  return fields;
}

/** `If-Match: "3"` guards the generation (RFC 9110 §13.1.1). */
function readIfMatch(header: string | undefined): { ifGeneration?: number } {
  if (header === undefined || header === '*') return {};
  const tag = /^(?:W\/)?"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (tag === undefined) throw wrong('If-Match', 'is not an ETag that this API gave');
  return { ifGeneration: Number(tag) };
}

export type RestInput = { readonly input: Record<string, unknown>; readonly bodyText: string };

/** The input of a procedure from path, query, body and headers. @throws CloudlessError `invalid_input`, `too_large` */
export async function readInput(
  request: IncomingMessage,
  { rest }: Procedure,
  params: Readonly<Record<string, string>>,
  search: URLSearchParams,
): Promise<RestInput> {
  const bodyText = rest?.method === 'GET' ? '' : await readBody(request);
  const guard = readIfMatch(request.headers['if-match']);
  return { input: { ...readQuery(search), ...parseBody(bodyText), ...guard, ...params }, bodyText };
}
