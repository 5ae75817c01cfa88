import type { SeenRequest } from '@cloudless/db/testing';
import type { Member } from './members.ts';

/** Looks at what the store commits, and for whom, whatever anybody says of himself. */
export interface WriterWatch {
  readonly onCommit: (request: Pick<SeenRequest, 'host' | 'body'>) => void;
  readonly takeovers: number;
  /** Writes with a leader's guard, each by one who had not taken the lead last. */
  findForeign(members: readonly Pick<Member, 'name' | 'storeHosts'>[]): readonly string[];
}

const TAKES_THE_LEAD = /UPDATE leader SET holder|INSERT INTO leader/;
/** What a coordinator does before it leads (migrations, founding) has no such guard. */
const GUARDED_BY_TOKEN = /INSERT INTO guard \(ok\) SELECT [^"]*\btoken = \?/;

export function watchWriters(): WriterWatch {
  /** One entry for writes in a row by the same address. */
  const writes: { readonly host: string; readonly takes: boolean; readonly body: string }[] = [];
  return {
    onCommit({ host, body }) {
      const takes = TAKES_THE_LEAD.test(body);
      if (!takes && (!GUARDED_BY_TOKEN.test(body) || writes.at(-1)?.host === host)) return;
      writes.push({ host, takes, body: body.slice(0, 200) });
    },
    get takeovers() {
      return writes.filter(({ takes }) => takes).length;
    },
    findForeign(members) {
      const foreign: string[] = [];
      let leader: string | undefined;
      for (const { host, takes, body } of writes) {
        const writer = members.find(({ storeHosts }) => storeHosts.has(host))?.name ?? host;
        if (takes) leader = writer;
        else if (writer !== leader) foreign.push(`${writer} wrote while ${leader ?? 'nobody'} led: ${body}`);
      }
      return foreign;
    },
  };
}
