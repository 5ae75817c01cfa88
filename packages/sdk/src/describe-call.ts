import { API, type Procedure, type ProcedureName } from '@cloudless/proto';
import type { CallInput } from './client-type.ts';

export type CallDescription = {
  /** A command for a POSIX shell; absent for a procedure that has no REST address. */
  readonly curl?: string;
  /** A program in TypeScript, with top-level await. */
  readonly sdk: string;
};

type Fields = Readonly<Record<string, unknown>>;

/** One word for a POSIX shell, whatever is in it. */
export const quoteForShell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function fillPath(path: string, fields: Fields): { readonly path: string; readonly rest: Fields } {
  const used = new Set<string>();
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    used.add(name);
    return encodeURIComponent(asText(fields[name] ?? ''));
  });
  return {
    path: filled,
    rest: Object.fromEntries(Object.entries(fields).filter(([name, value]) => !used.has(name) && value !== undefined)),
  };
}

function queryOf(fields: Fields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, asText(one));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}

function describeCurl(procedure: Procedure, fields: Fields, base: string): string | undefined {
  if (procedure.rest === undefined) return undefined;
  const { method } = procedure.rest;
  const { path, rest } = fillPath(procedure.rest.path, fields);
  const { ifGeneration, ...others } = rest;
  const isRead = method === 'GET';
  const hasBody = !isRead && Object.keys(others).length > 0;
  return [
    'curl --fail-with-body',
    ...(isRead ? [] : [`-X ${method}`]),
    // In double quotes, so that the shell puts in the token, which is never written out.
    '-H "Authorization: Bearer $CLOUDLESS_TOKEN"',
    ...(ifGeneration === undefined ? [] : [`-H ${quoteForShell(`If-Match: "${asText(ifGeneration)}"`)}`]),
    ...(hasBody ? ["-H 'Content-Type: application/json'", `--data-raw ${quoteForShell(JSON.stringify(others))}`] : []),
    quoteForShell(`${base}/api/v1${path}${isRead ? queryOf(others) : ''}`),
  ].join(' \\\n  ');
}

const describeSdk = (name: string, kind: Procedure['kind'], input: Fields, base: string): string =>
  [
    `import { createClient } from '@cloudless/sdk';`,
    '',
    `const client = createClient({ url: ${JSON.stringify(base)}, token: process.env.CLOUDLESS_TOKEN ?? '' });`,
    kind === 'subscription'
      ? `client.${name}(${JSON.stringify(input, null, 2)}, { onData: console.log });`
      : `console.log(await client.${name}(${JSON.stringify(input, null, 2)}));`,
    '',
  ].join('\n');

/**
 * An action of the dashboard as a person would do it from a terminal or a program.
 * @param baseUrl where the coordinator answers, without a slash at the end
 */
export function describeCall<P extends ProcedureName>(name: P, input: CallInput<P>, baseUrl: string): CallDescription {
  const procedure: Procedure = API[name];
  const base = baseUrl.replace(/\/+$/, '');
  const curl = describeCurl(procedure, input as Fields, base);
  return { ...(curl === undefined ? {} : { curl }), sdk: describeSdk(name, procedure.kind, input as Fields, base) };
}
