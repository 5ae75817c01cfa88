/** What a path of the main port leads to. */
export type Route = 'trpc' | 'rest' | 'auth' | 'agent' | 'healthz' | 'readyz' | 'metrics' | 'install' | 'web';

const under = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/** The route of a request target; `undefined` when it is not a path (`*`, an absolute URL, a CONNECT authority). */
export function routeOf(target: string | undefined): Route | undefined {
  if (target === undefined || !target.startsWith('/') || target.startsWith('//')) return undefined;
  const path = target.split('?', 1)[0] ?? '';
  if (path === '/healthz' || path === '/readyz' || path === '/metrics') return path.slice(1) as Route;
  if (path === '/agent') return 'agent';
  if (under(path, '/install') || path === '/ca.crt') return 'install';
  if (under(path, '/trpc')) return 'trpc';
  if (under(path, '/api/v1')) return 'rest';
  if (under(path, '/api/auth')) return 'auth';
  return 'web';
}

/** Longest request body in bytes by route. The largest true one is a workload with its variables and files. */
export const MAX_BODY_BYTES: Readonly<Record<Route, number>> = {
  trpc: 4 * 2 ** 20,
  rest: 4 * 2 ** 20,
  auth: 64 * 2 ** 10,
  agent: 0,
  healthz: 0,
  readyz: 0,
  metrics: 0,
  install: 16 * 2 ** 10,
  web: 2 ** 20,
};
