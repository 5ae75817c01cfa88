import { connect } from 'node:net';
import type { Clock } from '@cloudless/kernel';
import { proxyFor } from '@cloudless/transport/tls';

/** The first address gets a head start: it answered last. The others begin one after the other (Happy Eyeballs, RFC 8305 §5). */
const STAGGER_MS = 250;
/** All of a try: an address that says nothing must not keep one waiting that is about to be back. */
const CONNECT_MS = 1_500;
/** What answered last is asked again while the others are: it may just be starting. */
const AGAIN_MS = 250;

/** Whether a TCP connection can be made. What goes through a proxy is not for us to say. */
function canConnect(url: string, signal: AbortSignal): Promise<boolean> {
  if (proxyFor(url)) return Promise.resolve(true);
  const { hostname, port, protocol } = new URL(url);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port) || (protocol === 'wss:' ? 443 : 80) });
    const end = (isOpen: boolean): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(isOpen);
    };
    const onAbort = (): void => end(false);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Yields those URLs that a connection can be made to, as they answer. */
export const createProbe = (clock: Clock) =>
  async function* probe(urls: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    // One address needs no race, and its own attempt says best what is wrong with it.
    if (urls.length <= 1) return yield* urls;
    const over = new AbortController();
    const inner = AbortSignal.any([signal, over.signal]);
    const deadline = clock.setTimer(CONNECT_MS + STAGGER_MS * urls.length, () => over.abort(new Error('no answer in time')));
    async function connectAgain(url: string): Promise<boolean> {
      while (!(await canConnect(url, inner))) await clock.sleep(AGAIN_MS, inner);
      return true;
    }
    const pending = new Map(
      urls.map((url, index) => [
        url,
        clock
          .sleep(index === 0 ? 0 : STAGGER_MS * index, inner)
          .then(() => (index === 0 ? connectAgain(url) : canConnect(url, inner)))
          .catch(() => false)
          .then((isOpen) => ({ url, isOpen })),
      ]),
    );
    try {
      while (pending.size > 0) {
        const { url, isOpen } = await Promise.race(pending.values());
        pending.delete(url);
        if (isOpen) yield url;
      }
    } finally {
      deadline.cancel();
      over.abort(new Error('an address was found'));
    }
  };
