import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { withDeadline, type Clock } from '@cloudless/kernel';
import type { Draw } from '../draw.ts';
import { createIncarnation } from '../incarnation.ts';
import type { PeerNetwork } from '../peers/peer-network.ts';
import type { Endpoint } from './endpoint.ts';

/** What somebody is told. `saw`: the attempt that wrote what is there; `stale`: whoever answered is not sure to lead any more. */
export type Answer = { readonly outcome: 'acknowledged' | 'refused' | 'unknown' } | { readonly saw: number } | { readonly stale: true };

/** What somebody asks of a coordinator that leads. */
export type Call = {
  readonly kind: 'read' | 'write';
  /** Id of the row. */
  readonly about: string;
  /** What the coordinator does for it, as its API would. */
  run(endpoint: Endpoint): Promise<Answer>;
  /** Called at most once; not at all when no answer comes. */
  onAnswer(answer: Answer): void;
};

/** How calls reach a coordinator that leads. */
export type Way = (call: Call) => void;

/** What people send, under way. */
export interface Calls {
  /** Straight to a coordinator that leads, by its own word. It takes time both ways; one that dies answers never. */
  straightTo(endpoint: Endpoint): Way;
  /** To the coordinator of this name, over a connection: one that stands by passes it on. */
  through(name: string): Way;
  /** @param target what the request asked for, as it came out of the network */
  run(target: string, endpoint: Endpoint): Promise<Answer>;
}

export type CallsOptions = { readonly clock: Clock; readonly draw: Draw; readonly findNetwork: () => PeerNetwork };

/** Nobody waits longer for an answer. */
const PATIENCE_MS = 60_000;
const UNKNOWN: Answer = { outcome: 'unknown' };

/** The problem that a coordinator answers with, instead of an answer of the API. */
function readProblem(body: string): Answer {
  const { code } = JSON.parse(body) as { readonly code: string };
  // By this word the call was not passed on, and nothing of it has happened.
  return { outcome: code === 'no_leader' ? 'refused' : 'unknown' };
}

function send(connection: Duplex, kind: Call['kind'], path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const method = kind === 'read' ? 'GET' : 'POST';
  const request = httpRequest({ createConnection: () => connection, method, path, headers: { host: 'localhost', connection: 'close' } });
  request.once('error', reject);
  request.once('response', (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => (body += text));
    response.once('end', () => resolve(response.statusCode === 200 ? (JSON.parse(body) as Answer) : readProblem(body)));
    response.once('error', reject);
  });
  request.end();
  return promise;
}

export function createCalls({ clock, draw, findNetwork }: CallsOptions): Calls {
  const slowestMs = draw.pick([0, 5, 60]);
  const underWay = new Map<string, Call>();
  const people = createIncarnation('people', clock);
  let sent = 0;
  const travel = (run: () => void): void => void clock.setTimer(draw.between(0, slowestMs), run);

  async function ask(name: string, { kind }: Call, path: string): Promise<Answer> {
    const giveUp = new AbortController();
    return await withDeadline(
      clock,
      'asking a coordinator',
      PATIENCE_MS,
      async (signal) => {
        const connection = await findNetwork().dialAsPerson(people, name, signal);
        signal.addEventListener('abort', () => connection.destroy(), { once: true });
        return await send(connection, kind, path);
      },
      giveUp.signal,
    );
  }

  return {
    straightTo: (endpoint) => (call) => {
      const { life } = endpoint;
      travel(() =>
        life.enter(() => {
          void call.run(endpoint).then((answer) => {
            if (life.isAlive) travel(() => call.onAnswer(answer));
          });
        }),
      );
    },
    through: (name) => (call) => {
      sent += 1;
      const path = `/api/v1/${call.about}/${sent}`;
      underWay.set(path, call);
      void ask(name, call, path)
        // The client does not know what became of it.
        .catch(() => UNKNOWN)
        .then((answer) => call.onAnswer(answer));
    },
    run(target, endpoint) {
      const call = underWay.get(target);
      if (!call) throw new Error(`nobody has sent ${target}`);
      return call.run(endpoint);
    },
  };
}
