import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Caller, People } from '../people/people.ts';
import { refuseUpgrade } from './answers.ts';

/** Largest message of a dashboard or SDK: what a request body may be. */
const MAX_MESSAGE_BYTES = 4 * 2 ** 20;
/** Sockets at once, over all callers. */
const MAX_SOCKETS = 1024;
/** A socket that answered no ping for this long is gone. */
const PING_MS = 20_000;
/** Sessions and tokens run out without a word: so often each socket's caller is looked at again. */
const CHECK_MS = 60_000;
/** Close code (RFC 6455 §7.4.2, private use): sign in again. */
const REVOKED = 4401;

export type TrpcSocketsOptions = {
  readonly people: Pick<People, 'authenticate' | 'onRevoked'>;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly onSocket: (socket: WebSocket, request: IncomingMessage) => void;
};

export interface TrpcSockets {
  readonly size: number;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  stop(): void;
}

const isSame = (one: Caller | undefined, other: Caller): boolean =>
  one !== undefined && one.kind === other.kind && one.id === other.id && one.role === other.role;

/**
 * WebSockets of the API. Only of callers who are signed in, and for as long as they are: when rights change, and every minute, each is
 * checked again, and closed when its caller lost them.
 */
export function createTrpcSockets({ people, clock, onSocket }: TrpcSocketsOptions): TrpcSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, clientTracking: false });
  const open = new Map<WebSocket, { readonly request: IncomingMessage; readonly caller: Caller; alive: boolean }>();
  let timer: Timer | undefined;
  let checkTimer: Timer | undefined;

  async function checkAgain(): Promise<void> {
    for (const [socket, { request, caller }] of open) {
      const now = await people.authenticate(request.headers).catch(() => caller);
      if (!isSame(now, caller)) socket.close(REVOKED, 'sign in again');
    }
  }

  function ping(): void {
    for (const [socket, entry] of open) {
      if (!entry.alive) socket.terminate();
      entry.alive = false;
      socket.ping();
    }
    timer = clock.setTimer(PING_MS, ping);
  }

  function checkNowAndThen(): void {
    void checkAgain();
    checkTimer = clock.setTimer(CHECK_MS, checkNowAndThen);
  }

  const unsubscribe = people.onRevoked(() => void checkAgain());
  timer = clock.setTimer(PING_MS, ping);
  checkTimer = clock.setTimer(CHECK_MS, checkNowAndThen);

  return {
    get size() {
      return open.size;
    },
    async upgrade(request, socket, head) {
      if (open.size >= MAX_SOCKETS) {
        refuseUpgrade(socket, new CloudlessError('overloaded', `This coordinator serves ${MAX_SOCKETS} live connections at most.`));
        return;
      }
      const caller = await people.authenticate(request.headers);
      if (!caller) {
        refuseUpgrade(socket, new CloudlessError('unauthenticated', 'A live connection needs a session or an API token.'));
        return;
      }
      server.handleUpgrade(request, socket, head, (opened) => {
        const entry = { request, caller, alive: true };
        open.set(opened, entry);
        opened.on('pong', () => {
          entry.alive = true;
        });
        opened.once('close', () => open.delete(opened));
        // A broken frame closes the socket by itself (1002, 1009); without a listener it would end the process.
        opened.on('error', () => undefined);
        onSocket(opened, request);
      });
    },
    stop() {
      unsubscribe();
      timer?.cancel();
      checkTimer?.cancel();
      for (const socket of open.keys()) socket.close(1001, 'the coordinator stops');
    },
  };
}
