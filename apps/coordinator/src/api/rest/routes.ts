import { API, type Procedure, type ProcedureName } from '@cloudless/proto';

export type RestMatch = { readonly name: ProcedureName; readonly params: Readonly<Record<string, string>> };

type Route = { readonly name: ProcedureName; readonly method: string; readonly pattern: RegExp; readonly keys: readonly string[] };

const ROUTES: readonly Route[] = Object.entries<Procedure>(API).flatMap(([name, { rest }]) => {
  if (!rest) return [];
  const keys = [...rest.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const pattern = new RegExp(`^${rest.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
  return [{ name: name as ProcedureName, method: rest.method, pattern, keys }];
});

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** Which procedure a method and a path (below `/api/v1`) are; `methods` when the path exists with others only. */
export function matchRoute(method: string, path: string): RestMatch | { readonly methods: readonly string[] } {
  const found = ROUTES.flatMap((route) => {
    const match = route.pattern.exec(path);
    return match ? [{ route, params: Object.fromEntries(route.keys.map((key, index) => [key, decode(match[index + 1] ?? '')])) }] : [];
  });
  // A fixed path wins over one with a parameter: /workloads/plan is no id.
  const exact = found
    .toSorted((one, other) => one.route.keys.length - other.route.keys.length)
    .find(({ route }) => route.method === method);
  return exact ? { name: exact.route.name, params: exact.params } : { methods: [...new Set(found.map(({ route }) => route.method))] };
}
