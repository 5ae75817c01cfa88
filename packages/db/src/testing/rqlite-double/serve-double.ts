import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DoubleAnswer } from './double-database.ts';
import type { DoubleRaft, Member } from './double-raft.ts';
import { writeJson } from './go-values.ts';
import { BadRequest, parseStatements, type DoubleStatement } from './parse-request.ts';

/** What goes wrong with one request. */
export type Fault =
  /** The connection breaks; `isDone` says whether the request ran first. */
  | { readonly kind: 'loseAnswer'; readonly isDone: boolean }
  /** Served after `until` resolves, when its asker may have gone. */
  | { readonly kind: 'delay'; readonly until: Promise<void> }
  | { readonly kind: 'leaderNotFound' }
  /** An error of the request in an answer with status 200. */
  | { readonly kind: 'errorIn200'; readonly error: string; readonly isDone: boolean }
  /** The answer of something in between that is not rqlite. */
  | { readonly kind: 'foreign'; readonly status: number; readonly body: string };

export type SeenRequest = {
  readonly nodeId: string;
  readonly path: string;
  readonly body: string;
  readonly isLeader: boolean;
  /** The address that its asker dialled (`Host`). */
  readonly host: string;
};

export type ServeOptions = {
  readonly raft: DoubleRaft;
  readonly member: Member;
  /** @param host the address that the asker dialled: a node tells one that is reached by it */
  readonly urlOf: (id: string, host: string) => string;
  readonly onCommit: (request: SeenRequest) => void;
  readonly fault: (request: SeenRequest) => Fault | undefined;
  readonly auth: { readonly username: string; readonly password: string } | undefined;
};

type Call = { readonly url: URL; readonly method: string; readonly seen: SeenRequest; readonly response: ServerResponse };

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** One node's HTTP API, as rqlited 10 serves it. */
export function createDoubleHandler({ raft, member, urlOf, onCommit, fault, auth }: ServeOptions) {
  const end = (response: ServerResponse, status: number, body = ''): void => void response.writeHead(status).end(body);
  const answer = (response: ServerResponse, body: unknown): void =>
    void response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(writeJson(body));

  /** The node that runs it; `undefined` when it was redirected or refused. Without `redirect` a follower forwards. */
  function leaderFor({ url, seen, response }: Call): Member | undefined {
    const leader = raft.leader();
    if (leader === member) return member;
    if (!leader) {
      end(response, url.searchParams.has('redirect') ? 500 : 503, 'leader not found\n');
      return undefined;
    }
    if (!url.searchParams.has('redirect')) return leader;
    response.writeHead(301, { location: `${urlOf(leader.id, seen.host)}${url.pathname}${url.search}` }).end();
    return undefined;
  }

  function write(kind: 'execute' | 'request', call: Call, statements: readonly DoubleStatement[]): DoubleAnswer | undefined {
    if (statements.some(({ sql }) => /^\s*pragma\s+(?:journal_mode|synchronous|wal_)/i.test(sql)))
      return { results: [], error: 'disallowed pragma' };
    if (!leaderFor(call)) return undefined;
    const { searchParams } = call.url;
    const answered = raft.commit({
      kind,
      statements,
      isTransaction: searchParams.has('transaction'),
      shape: { blobsAsArrays: searchParams.has('blob_array') },
    });
    if (answered.error === undefined && answered.results.every(({ error }) => error === undefined)) onCommit(call.seen);
    return answered;
  }

  function read(call: Call, statements: readonly DoubleStatement[]): DoubleAnswer | undefined {
    const { searchParams } = call.url;
    const level = searchParams.get('level') ?? 'weak';
    const isLocal = level === 'none' || (level !== 'linearizable' && level !== 'strong' && member.believesItLeads);
    const at = isLocal ? member : leaderFor(call);
    return at?.database.query(statements, { blobsAsArrays: searchParams.has('blob_array') });
  }

  function nodes({ host }: SeenRequest): unknown {
    const leader = raft.leader();
    return {
      nodes: raft.members.map(({ id, isUp }) => ({
        id,
        ...(isUp ? { api_addr: urlOf(id, host) } : {}),
        // Among themselves; no two clusters share one.
        addr: new URL(urlOf(id, '')).host,
        version: isUp ? 'double' : '',
        voter: true,
        reachable: isUp,
        leader: id === leader?.id,
        ...(isUp ? {} : { error: 'connection refused' }),
      })),
    };
  }

  function backup(response: ServerResponse): void {
    const folder = mkdtempSync(join(tmpdir(), 'cloudless-double-'));
    try {
      (raft.leader() ?? member).database.copyTo(join(folder, 'copy.db'));
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(readFileSync(join(folder, 'copy.db')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  function statementsOf({ url, method, seen }: Call): readonly DoubleStatement[] {
    return method === 'GET' ? [{ sql: url.searchParams.get('q') ?? '', params: [], named: {} }] : parseStatements(seen.body);
  }

  function serve(call: Call): DoubleAnswer | undefined {
    const { url, method, response } = call;
    const needs = (wanted: string): boolean => {
      if (method !== wanted) end(response, 405);
      return method === wanted;
    };
    switch (url.pathname) {
      case '/db/execute':
        return needs('POST') ? write('execute', call, statementsOf(call)) : undefined;
      case '/db/request':
        return needs('POST') ? write('request', call, statementsOf(call)) : undefined;
      case '/db/query':
        return read(call, statementsOf(call));
      case '/db/backup':
        if (needs('GET')) backup(response);
        return undefined;
      case '/nodes':
        answer(response, nodes(call.seen));
        return undefined;
      case '/status':
        answer(response, { applied_index: member.appliedIndex, term: raft.term });
        return undefined;
      case '/readyz':
        end(
          response,
          raft.leader() ? 200 : 503,
          raft.leader() ? '[+]node ok\n[+]leader ok\n[+]store ok' : '[+]node ok\n[+]leader does not exist',
        );
        return undefined;
      default:
        end(response, 404);
        return undefined;
    }
  }

  function serveSafely(call: Call): DoubleAnswer | undefined {
    try {
      return serve(call);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      end(call.response, 400, `${error.message}\n`);
      return undefined;
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://double');
    const body = await readBody(request);
    const { host = '' } = request.headers;
    const seen: SeenRequest = { nodeId: member.id, path: url.pathname, body, isLeader: raft.leader() === member, host };
    const call: Call = { url, method: request.method ?? 'GET', seen, response };
    const wrong = fault(seen);
    if (wrong?.kind === 'foreign') return end(response, wrong.status, wrong.body);
    response.setHeader('x-rqlite-version', 'double');
    if (auth && request.headers.authorization !== `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`) {
      response.setHeader('www-authenticate', 'Basic realm="rqlite"');
      return end(response, 401);
    }
    if (wrong?.kind === 'leaderNotFound') return end(response, 503, 'leader not found\n');
    if (wrong?.kind === 'delay') await wrong.until;
    const isDone = wrong?.kind === 'loseAnswer' || wrong?.kind === 'errorIn200' ? wrong.isDone : true;
    const served = isDone ? serveSafely(call) : undefined;
    if (wrong?.kind === 'loseAnswer') return void request.socket.destroy();
    if (wrong?.kind === 'errorIn200') return answer(response, { results: [], error: wrong.error });
    if (served) answer(response, served);
  };
}
