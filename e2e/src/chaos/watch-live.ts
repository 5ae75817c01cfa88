import { createClient } from '@cloudless/sdk';
import { until } from './until.ts';

/** A page that somebody has open: the stream of changes, as the dashboard follows it. People at work give it news all the time. */
export interface LiveWatch extends AsyncDisposable {
  /** Waits for news that came after that moment of `performance.now()`, of a coordinator that knows that it leads. @returns ms from it */
  untilHeardAfter(fromMs: number, withinMs: number): Promise<number>;
  /** Longest time without such news, in ms, and begins anew. */
  takeLongestSilence(): number;
}

export function watchLive({ name, url, token }: { readonly name: string; readonly url: string; readonly token: string }): LiveWatch {
  const client = createClient({ url, token });
  let heardMs = performance.now();
  let longestMs = 0;
  let isStale = false;
  let ended: string | undefined;
  const following = client.live.follow(
    {},
    {
      onData(change) {
        if (change.kind === 'tick') isStale = change.staleSince !== undefined;
        if (isStale) return;
        longestMs = Math.max(longestMs, performance.now() - heardMs);
        heardMs = performance.now();
      },
      onError: (error) => (ended = String(error)),
    },
  );
  return {
    async untilHeardAfter(fromMs, withinMs) {
      const wrong = (): string | undefined =>
        ended ?? (heardMs > fromMs ? undefined : `it heard nothing for ${Math.round(performance.now() - heardMs)} ms`);
      await until(`the page at ${name} is told of changes`, withinMs, wrong);
      return heardMs - fromMs;
    },
    takeLongestSilence() {
      const longest = Math.max(longestMs, performance.now() - heardMs);
      [longestMs, heardMs] = [0, performance.now()];
      return Math.round(longest);
    },
    async [Symbol.asyncDispose]() {
      following.close();
      await client.close();
    },
  };
}
