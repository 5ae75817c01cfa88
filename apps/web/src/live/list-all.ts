import type { CloudlessClient } from '@cloudless/sdk';
import type { Listed } from './live-state.ts';

const PAGE = 500;
/** 5,000 rows of a kind: more than a page can show. */
const MAX_PAGES = 10;
const FIRST_EVENTS = 100;

type Page<Row> = { readonly rows: readonly Row[]; readonly nextCursor?: string | undefined };

async function readPages<Row>(ask: (input: { limit: number; cursor?: string }) => Promise<Page<Row>>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await ask({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    rows.push(...answer.rows);
    cursor = answer.nextCursor;
    if (cursor === undefined) break;
  }
  return rows;
}

/** Everything that a page starts from, at once. @throws CloudlessError of the first list that fails */
export async function listAll(client: CloudlessClient): Promise<Listed> {
  const [nodes, workloads, allocations, { rows: events }, { rows: joins }] = await Promise.all([
    readPages((input) => client.node.list(input)),
    readPages((input) => client.workload.list(input)),
    readPages((input) => client.allocation.list(input)),
    client.event.list({ limit: FIRST_EVENTS }),
    // Who may not let devices in has none to see.
    client.node.listJoins({}).catch(() => ({ rows: [] })),
  ]);
  return { nodes, workloads, allocations, events, joins };
}
