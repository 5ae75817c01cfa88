import type { RqliteCluster } from './rqlite-cluster.ts';

async function post(url: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return await response.json();
}

/** A cluster that several tests share, without its tables. Its end is nobody's but the owner's. */
export async function emptied(cluster: RqliteCluster): Promise<RqliteCluster> {
  const { url } = await cluster.leader();
  const listed = (await post(url, '/db/query?level=strong', [
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  ])) as {
    results: [{ values?: [string][] }];
  };
  const drops = (listed.results[0].values ?? []).map(([name]) => `DROP TABLE "${name}"`);
  if (drops.length > 0) await post(url, '/db/execute?transaction', drops);
  return { ...cluster, [Symbol.asyncDispose]: () => Promise.resolve() };
}
