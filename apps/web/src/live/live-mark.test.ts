import { describe, expect, it } from 'vitest';
import { judgeLive } from './live-mark.ts';

const HEARD = { connection: 'live', heardAt: 100_000, staleSince: undefined, skewMs: 0 } as const;

describe('how current a page is', () => {
  it('is live while the coordinator is heard, and unknown before', () => {
    expect(judgeLive(HEARD, 110_000)).toEqual({ kind: 'live' });
    expect(judgeLive({ ...HEARD, heardAt: undefined }, 110_000)).toEqual({ kind: 'connecting' });
  });

  it('is as of when a coordinator that is heard could last confirm that it leads, by the clock of the browser', () => {
    expect(judgeLive({ ...HEARD, staleSince: 91_000, skewMs: 1000 }, 101_000)).toEqual({ kind: 'unconfirmed', sinceAt: 90_000 });
  });

  it('is stale since it was heard last when it is not heard, whatever it said of itself before', () => {
    expect(judgeLive({ ...HEARD, staleSince: 90_000 }, 125_001)).toEqual({ kind: 'stale', sinceAt: 100_000, why: 'silent' });
  });

  it('is reconnecting for a while without a socket, then stale', () => {
    const gone = { ...HEARD, connection: 'connecting' } as const;
    expect(judgeLive(gone, 105_000)).toEqual({ kind: 'reconnecting', sinceAt: 100_000 });
    expect(judgeLive(gone, 105_001)).toEqual({ kind: 'stale', sinceAt: 100_000, why: 'unreachable' });
  });
});
