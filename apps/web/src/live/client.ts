import type { API, ProcedureName, ProcedureOutput } from '@cloudless/proto';
import { createClient, type CallInput, type CloudlessClient } from '@cloudless/sdk';

type NameOf<Kind extends string> = { [P in ProcedureName]: (typeof API)[P]['kind'] extends Kind ? P : never }[ProcedureName];
/** Procedures that change something. */
export type ActionName = NameOf<'mutation'>;
/** Procedures that only read. */
export type QueryName = NameOf<'query'>;

let made: CloudlessClient | undefined;

/** The page's one client, of the coordinator that served the page. Only in the browser. */
export function browserClient(): CloudlessClient {
  made ??= createClient({ url: location.origin });
  return made;
}

/** Calls a procedure by its name. @throws CloudlessError */
export async function call<P extends ActionName | QueryName>(
  name: P,
  input: CallInput<P>,
  signal?: AbortSignal,
): Promise<ProcedureOutput<P>> {
  const [area = '', method = ''] = name.split('.');
  const calls = browserClient() as unknown as Record<
    string,
    Record<string, (input: unknown, options: { readonly signal?: AbortSignal }) => Promise<ProcedureOutput<P>>>
  >;
  const ask = calls[area]?.[method];
  if (ask === undefined) throw new Error(`no procedure ${name}`);
  return await ask(input, signal === undefined ? {} : { signal });
}
