import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError, joinHopSchema, joinTokenIdSchema, type JoinStep } from '@cloudless/proto';
import type { Enrolment } from '../enrolment/index.ts';
import type { RequestFacts } from '../gateway/request-facts.ts';
import { createThrottle } from '../people/throttle.ts';
import type { AgentFile } from './agent-file.ts';
import { renderInstallScript } from './install-script.ts';
import { isNodePlatform, type NodePackages } from './node-packages.ts';

/** Downloads of Node.js that one address may begin in ten minutes: each is 50 MB. */
const DOWNLOADS = { windowMs: 600_000, max: 30 } as const;
const REPORTS = { windowMs: 600_000, max: 30 } as const;
const MAX_REPORT_BYTES = 8 * 2 ** 10;
/** Sent at once to slow devices. */
const MAX_SENDING = 16;

export type InstallParts = {
  readonly clock: Clock;
  readonly joins: Pick<Enrolment['joins'], 'step' | 'fail'>;
  readonly agentFile: AgentFile | undefined;
  readonly nodePackages: NodePackages;
  /** Where this request's client reaches the coordinator, without a slash at the end. */
  readonly baseOf: (facts: RequestFacts) => string;
  /** What people install to trust the dashboard; absent when its certificate is another's. */
  readonly webAuthority: string | undefined;
  /** What only this process knows: proves that a public URL leads here. */
  readonly mark: string;
};

/** Serves what a machine needs before it has a link: script, agent, Node.js, and the certificate of the web authority. Public: none of it is secret. */
export function createInstallRoutes(parts: InstallParts) {
  const throttle = createThrottle(parts.clock);
  let sending = 0;

  function noteStep(query: URLSearchParams, steps: readonly JoinStep[], { remoteAddress }: RequestFacts): void {
    const id = joinTokenIdSchema.safeParse(query.get('join'));
    if (id.success) for (const step of steps) parts.joins.step(id.data, step, remoteAddress);
  }

  async function sendScript(response: ServerResponse, facts: RequestFacts): Promise<void> {
    const { agentFile, nodePackages } = parts;
    const script = renderInstallScript({
      base: parts.baseOf(facts),
      agentSha256: agentFile?.sha256 ?? '',
      nodeMajor: nodePackages.major,
      nodeSources: await nodePackages.sources(),
    });
    response.writeHead(200, { 'content-type': 'text/x-shellscript; charset=utf-8', 'cache-control': 'no-store' });
    response.end(script);
  }

  function sendAgent(response: ServerResponse): void {
    const { agentFile } = parts;
    if (!agentFile)
      throw new CloudlessError('not_found', 'This coordinator keeps no agent to install. Start it by `npm start`, which makes one.');
    response.writeHead(200, {
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': agentFile.bytes.byteLength,
      'cache-control': 'no-store',
    });
    response.end(agentFile.bytes);
  }

  async function sendNode(platform: string, response: ServerResponse, { remoteAddress }: RequestFacts): Promise<void> {
    if (!isNodePlatform(platform))
      throw new CloudlessError('not_found', `There is no Node.js for ${JSON.stringify(platform.slice(0, 40))}.`);
    if (sending >= MAX_SENDING || !throttle.consume(`node ${remoteAddress}`, DOWNLOADS).allowed)
      throw new CloudlessError('too_many_requests', 'Node.js is being sent to too many machines at once. Try again in a minute.', {
        params: { retryAfterS: 60 },
      });
    sending += 1;
    try {
      const file = await parts.nodePackages.file(platform);
      response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': file.bytes, 'cache-control': 'no-store' });
      await pipeline(createReadStream(file.path), response);
    } finally {
      sending -= 1;
    }
  }

  /** What the installer found wrong on a machine, for who watches the dialog. */
  async function takeReport(request: IncomingMessage, response: ServerResponse, { remoteAddress }: RequestFacts): Promise<void> {
    const form = new URLSearchParams(await readBody(request));
    const id = joinTokenIdSchema.safeParse(form.get('join'));
    const hop = joinHopSchema.safeParse(form.get('hop'));
    const isHeard = id.success && hop.success && throttle.consume(`report ${remoteAddress}`, REPORTS).allowed;
    if (isHeard) {
      const message = (form.get('message') ?? '').replaceAll(/\p{Cc}/gu, ' ').slice(0, 500);
      parts.joins.fail(id.data, { hop: hop.data, message, ...(remoteAddress === undefined ? {} : { remoteAddress }) });
    }
    response.writeHead(204).end();
  }

  return async (request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<void> => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const params = new URLSearchParams(query);
    const isReport = path === '/install/trouble';
    if (request.method !== (isReport ? 'POST' : 'GET') && !(request.method === 'HEAD' && !isReport))
      throw new CloudlessError('invalid_input', `${request.method} is not served at ${path}.`);
    if (isReport) return takeReport(request, response, facts);
    if (path === '/install/mark')
      return void response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(parts.mark);
    if (path === '/install') return sendScript(response, facts);
    if (path === '/install/agent.mjs') {
      noteStep(params, ['installer', 'agent'], facts);
      return sendAgent(response);
    }
    if (path.startsWith('/install/node/')) {
      noteStep(params, ['installer', 'node'], facts);
      return sendNode(path.slice('/install/node/'.length), response, facts);
    }
    if (path === '/ca.crt' && parts.webAuthority !== undefined) {
      response.writeHead(200, {
        'content-type': 'application/x-x509-ca-cert',
        'content-disposition': 'attachment; filename="cloudless-ca.crt"',
      });
      response.end(parts.webAuthority);
      return;
    }
    throw new CloudlessError('not_found', `Nothing is served at ${path}.`);
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_REPORT_BYTES) throw new CloudlessError('too_large', `A report has at most ${MAX_REPORT_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
