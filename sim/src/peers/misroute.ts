import type { ServerResponse } from 'node:http';
import { posix } from 'node:path';
import type { PassOn } from '@cloudless/coordinator';
import type { Plant } from '../plants.ts';

type Handlers = PassOn['routes']['main'];

/** Keeps back an answer of a status that is taken, and calls `onEnd` when it is whole. */
function intercept(response: ServerResponse, isTaken: (status: number) => boolean, onEnd: () => void): void {
  const { writeHead, end } = response;
  Object.assign(response, {
    writeHead(status: number, ...rest: []) {
      Object.assign(response, { writeHead });
      if (!isTaken(status)) return writeHead.call(response, status, ...rest);
      response.end = () => {
        Object.assign(response, { end });
        onEnd();
        return response;
      };
      return response;
    },
  });
}

/** The planted bug: what a standby has seen of an app it answers from its own memory. */
function answerForTheLeader({ onRequest, onUpgrade }: Handlers): Handlers {
  const memory = new Map<string, string>();
  return {
    onUpgrade,
    onRequest(request, response) {
      const about = posix.dirname(request.url ?? '');
      const known = memory.get(about);
      if (request.method === 'GET' && known !== undefined) return void response.writeHead(200).end(known);
      response.once('pipe', (answer) => {
        if (request.method === 'GET' && response.statusCode === 200) answer.once('data', (bytes) => memory.set(about, String(bytes)));
      });
      onRequest(request, response);
    },
  };
}

/** The planted bug: what has no answer is passed on once more, whether or not it was done. */
const passOnTwice = ({ onRequest, onUpgrade }: Handlers): Handlers => ({
  onUpgrade,
  onRequest(request, response) {
    intercept(
      response,
      (status) => status === 503,
      () => onRequest(request, response),
    );
    onRequest(request, response);
  },
});

/** What a standby does with requests: the real thing, unless a bug is planted there. */
export function misroute(handlers: Handlers, plant: Plant | undefined): Handlers {
  if (plant === 'answers-for-the-leader') return answerForTheLeader(handlers);
  return plant === 'passes-on-twice' ? passOnTwice(handlers) : handlers;
}
