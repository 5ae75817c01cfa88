import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '@cloudless/kernel';
import { withoutHopByHop } from '../../gateway/headers.ts';
import { hasBody } from '../../gateway/request-facts.ts';
import { APP_PORT_HEADER } from './messages.ts';

export type ForwarderOptions = {
  readonly clock: Pick<Clock, 'setTimer'>;
  /** A connection of its own to the leader. */
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
};

/**
 * Why a request did not get through, when nothing of an answer was sent yet.
 *
 * @param wasSent whether some of it may have reached the leader, and what it asks for may have been done
 */
export type OnFailed = (cause: Error, wasSent: boolean) => void;

/** Passes requests on to the leader, streaming both ways: what waits is what the sockets hold. */
export interface Forwarder {
  request(request: IncomingMessage, response: ServerResponse, appPort: number | undefined, onFailed: OnFailed): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, appPort: number | undefined, onFailed: OnFailed): void;
  readonly open: number;
  /** Another coordinator leads: ends what the one before has not answered, and every connection to it. It may never say anything again. */
  leave(): void;
  stop(): void;
}

/** Until the leader begins to answer. A wait that a client asked for may take half of it. */
const ANSWER_MS = 120_000;
/** Connections at once for requests; more wait. */
const MAX_CONNECTIONS = 256;
/** Upgrades at once: dashboards, terminals, and two for each agent. */
const MAX_UPGRADES = 1_500;
const IDLE_MS = 30_000;

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

export function createForwarder({ clock, dial }: ForwarderOptions): Forwarder {
  /** Of connections to the leader of now. */
  let leading = new AbortController();
  const upgrades = new Set<Duplex>();
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 16, timeout: IDLE_MS });
  agent.createConnection = (_options, onCreated) => {
    dial(leading.signal).then(
      (connection) => onCreated?.(null, connection),
      (cause: unknown) => onCreated?.(asError(cause), undefined as never),
    );
    return undefined as never;
  };

  function headersFor(request: IncomingMessage, appPort: number | undefined, extra: OutgoingHttpHeaders): OutgoingHttpHeaders {
    const { [APP_PORT_HEADER]: _forged, ...headers } = request.headers;
    return { ...withoutHopByHop(headers), ...extra, ...(appPort === undefined ? {} : { [APP_PORT_HEADER]: String(appPort) }) };
  }

  function begin(request: IncomingMessage, headers: OutgoingHttpHeaders, through: Agent | undefined, connection?: Duplex): ClientRequest {
    const way = through ? { agent: through } : { createConnection: () => connection as Duplex };
    return httpRequest({ ...way, method: request.method ?? 'GET', path: request.url ?? '/', headers, setHost: false });
  }

  function end(reason: string): void {
    leading.abort(new Error(reason));
    agent.destroy();
    for (const socket of upgrades) socket.destroy();
  }

  function startAnswerTimer(upstream: ClientRequest): Timer {
    return clock.setTimer(ANSWER_MS, () => upstream.destroy(new Error(`the leader began no answer within ${ANSWER_MS / 1000} s`)));
  }

  return {
    request(request, response, appPort, onFailed) {
      const bodied = hasBody(request);
      const upstream = begin(request, headersFor(request, appPort, {}), agent);
      const timer = startAnswerTimer(upstream);
      let wasSent = false;
      upstream.once('socket', () => (wasSent = true));
      upstream.once('error', (cause) => {
        timer.cancel();
        if (response.headersSent) response.destroy();
        else if (!response.destroyed) onFailed(cause, wasSent);
      });
      upstream.once('response', (answer) => {
        timer.cancel();
        response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
        response.flushHeaders();
        answer.once('error', () => response.destroy());
        answer.pipe(response);
      });
      response.once('close', () => {
        timer.cancel();
        if (!response.writableFinished) upstream.destroy();
      });
      if (bodied) request.pipe(upstream);
      else upstream.end();
    },
    upgrade(request, socket, head, appPort, onFailed) {
      if (upgrades.size >= MAX_UPGRADES) return onFailed(new Error(`${MAX_UPGRADES} connections are passed on already`), false);
      upgrades.add(socket);
      const leave = (): void => void upgrades.delete(socket);
      socket.once('close', leave);
      dial(leading.signal).then(
        (connection) => {
          if (socket.destroyed) return void connection.destroy();
          const wanted = { connection: 'Upgrade', upgrade: request.headers.upgrade ?? 'websocket' };
          const upstream = begin(request, headersFor(request, appPort, wanted), undefined, connection);
          const timer = startAnswerTimer(upstream);
          socket.once('close', () => {
            timer.cancel();
            connection.destroy();
          });
          upstream.once('error', (cause) => {
            timer.cancel();
            connection.destroy();
            leave();
            if (!socket.destroyed) onFailed(cause, true);
          });
          upstream.once('upgrade', (answer, opened, first) => {
            timer.cancel();
            socket.write(headText(answer, wanted));
            if (first.length > 0) socket.write(first);
            if (head.length > 0) opened.write(head);
            splice(socket, opened);
          });
          upstream.once('response', (answer) => {
            timer.cancel();
            socket.write(headText(answer, { connection: 'close' }));
            answer.pipe(socket);
          });
          upstream.end();
        },
        (cause: unknown) => {
          leave();
          if (!socket.destroyed) onFailed(asError(cause), false);
        },
      );
    },
    get open() {
      return upgrades.size;
    },
    leave() {
      end('another coordinator leads');
      leading = new AbortController();
    },
    stop: () => end('this coordinator passes nothing on any more'),
  };
}

function headText(answer: IncomingMessage, extra: OutgoingHttpHeaders): string {
  const lines = Object.entries({ ...withoutHopByHop(answer.headers), ...extra }).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => `${name}: ${one}`),
  );
  return [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`, ...lines, '', ''].join('\r\n');
}

/** Bytes both ways until either end closes. */
function splice(near: Duplex, far: Duplex): void {
  near.pipe(far);
  far.pipe(near);
  for (const [one, other] of [[near, far] as const, [far, near] as const]) {
    one.once('error', () => other.destroy());
    one.once('close', () => other.destroy());
  }
}
