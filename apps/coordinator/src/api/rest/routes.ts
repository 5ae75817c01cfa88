import { API, type Procedure, type ProcedureName } from '@cloudless/proto';
import { z } from 'zod';

/** What a REST address leads to: a procedure, or one of the streams that tRPC has as subscriptions. */
export type RouteName = ProcedureName | StreamName;
export type StreamName = keyof typeof STREAM_ROUTES;
export type RestMatch = { readonly name: RouteName; readonly params: Readonly<Record<string, string>> };

/** Served as newline-delimited JSON. */
export const STREAM_ROUTES = {
  logs: '/workloads/{workloadId}/logs',
  'events.follow': '/events/follow',
} as const;

export const isStream = (name: RouteName): name is StreamName => Object.hasOwn(STREAM_ROUTES, name);

type Route = { readonly name: RouteName; readonly method: string; readonly pattern: RegExp; readonly keys: readonly string[] };

/** Names in braces of a path. */
export const pathKeys = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');

function routeOf(name: RouteName, method: string, path: string): Route {
  return { name, method, keys: pathKeys(path), pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`) };
}

/** A fixed path comes before one with a parameter: `/workloads/plan` is no id. */
const ROUTES: readonly Route[] = [
  ...Object.entries<Procedure>(API).flatMap(([name, { rest }]) => (rest ? [routeOf(name as ProcedureName, rest.method, rest.path)] : [])),
  ...Object.entries(STREAM_ROUTES).map(([name, path]) => routeOf(name as StreamName, 'GET', path)),
].toSorted((one, other) => one.keys.length - other.keys.length);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What a method and a path (below `/api/v1`) are; `methods` when the path exists with others only. */
export function matchRoute(method: string, path: string): RestMatch | { readonly methods: readonly string[] } {
  const methods: string[] = [];
  for (const route of ROUTES) {
    const match = route.pattern.exec(path);
    if (!match) continue;
    if (route.method !== method) methods.push(route.method);
    else return { name: route.name, params: Object.fromEntries(route.keys.map((key, index) => [key, decode(match[index + 1] ?? '')])) };
  }
  return { methods: [...new Set(methods)] };
}

type FieldKind = 'integer' | 'boolean' | 'array' | 'string';

/** How each field of an input is written in an address. */
export function fieldKinds(input: z.ZodType): ReadonlyMap<string, FieldKind> {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  const kindOf = (schema: unknown): FieldKind => {
    const type = typeof schema === 'object' && schema !== null && 'type' in schema ? schema.type : undefined;
    return type === 'integer' || type === 'boolean' || type === 'array' ? type : 'string';
  };
  return new Map(Object.entries(properties).map(([name, schema]) => [name, kindOf(schema)]));
}
