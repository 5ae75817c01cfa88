import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assert,
  backoffMs,
  createBoundedQueue,
  createLifecycle,
  DeadlineExceeded,
  revealSecret,
  secret,
  unreachable,
  withDeadline,
} from './index.ts';
import { createManualClock, createSeededEntropy } from './testing/index.ts';

describe('back-off', () => {
  it('stays between its least and its longest delay, and never falls as tries go on', () => {
    const policies = fc.record({
      baseMs: fc.integer({ min: 1, max: 1000 }),
      maxMs: fc.integer({ min: 1000, max: 100_000 }),
      factor: fc.double({ min: 1, max: 4, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        policies,
        fc.nat({ max: 200 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (policy, attempt, chance) => {
          const delay = backoffMs(policy, attempt, { random: () => chance });
          const full = Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.min(attempt, 30));
          expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - policy.jitter)));
          expect(delay).toBeLessThanOrEqual(Math.ceil(full));
          expect(backoffMs(policy, attempt + 1, { random: () => chance })).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });
});

describe('a bounded queue', () => {
  it('does what a list with a limit does', () => {
    const limit = 5;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(), fc.constant('shift' as const), fc.constant('clear' as const)), { maxLength: 200 }),
        (steps) => {
          const queue = createBoundedQueue<number>(limit);
          const model: number[] = [];
          const answers = steps.map((step) => {
            if (step === 'shift') return { is: [queue.shift(), queue.size], should: [model.shift(), model.length] };
            if (step === 'clear') {
              queue.clear();
              model.length = 0;
              return { is: queue.size, should: 0 };
            }
            const hasRoom = model.length < limit;
            if (hasRoom) model.push(step);
            return { is: [queue.push(step), queue.size], should: [hasRoom, model.length] };
          });
          expect(answers.map(({ is }) => is)).toEqual(answers.map(({ should }) => should));
        },
      ),
    );
  });

  it('lets go of what it gave out, though others still wait', async () => {
    setFlagsFromString('--expose_gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const queue = createBoundedQueue<object>(10);
    const given = ((): WeakRef<object>[] => {
      const values = [{}, {}];
      for (const value of values) queue.push(value);
      queue.shift();
      return values.map((value) => new WeakRef(value));
    })();
    // What a WeakRef was made of is held until the turn is over.
    await nextTurn();
    collectGarbage();
    expect(given.map((value) => value.deref() !== undefined)).toEqual([false, true]);
    expect(queue.size).toBe(1);
  });

  it('keeps its order over many', () => {
    const queue = createBoundedQueue<number>(3000);
    for (let index = 0; index < 3000; index += 1) queue.push(index);
    for (let index = 0; index < 50_000; index += 1) {
      expect(queue.shift()).toBe(index);
      expect(queue.push(index + 3000)).toBe(true);
    }
    expect(queue.size).toBe(3000);
  });
});

describe('a deadline', () => {
  it('ends a wait that ignores its signal, and names it', async () => {
    const clock = createManualClock();
    const waiting = withDeadline(clock, 'asking the moon', 500, () => new Promise(() => undefined)).catch((error: unknown) => error);
    await clock.advance(500);
    expect(await waiting).toBeInstanceOf(DeadlineExceeded);
    expect(await waiting).toMatchObject({ what: 'asking the moon', deadlineMs: 500 });
  });

  it('leaves no timer and no listener behind when the work is done or fails', async () => {
    const clock = createManualClock();
    const parent = new AbortController();
    expect(await withDeadline(clock, 'work', 500, () => Promise.resolve(7), parent.signal)).toBe(7);
    await expect(withDeadline(clock, 'work', 500, () => Promise.reject(new Error('broken')), parent.signal)).rejects.toThrow('broken');
    expect(clock.pending).toBe(0);
  });

  it('passes on the end of whoever asked, before and while', async () => {
    const clock = createManualClock();
    const early = AbortSignal.abort(new Error('too late'));
    await expect(withDeadline(clock, 'work', 500, () => Promise.resolve(7), early)).rejects.toThrow('too late');
    const parent = new AbortController();
    let heard: unknown;
    const waiting = withDeadline(
      clock,
      'work',
      500,
      (signal) => {
        signal.addEventListener('abort', () => {
          heard = signal.reason;
        });
        return new Promise(() => undefined);
      },
      parent.signal,
    ).catch((error: unknown) => error);
    parent.abort(new Error('stopping'));
    expect(await waiting).toMatchObject({ message: 'stopping' });
    expect(heard).toMatchObject({ message: 'stopping' });
  });
});

describe('a lifecycle', () => {
  it('stops its parts once, the last first, even when one fails', async () => {
    const lifecycle = createLifecycle();
    const stopped: string[] = [];
    const part = (name: string, error?: Error) => ({
      stop() {
        stopped.push(name);
        if (error) throw error;
      },
    });
    lifecycle.add('store', part('store'));
    lifecycle.add('loop', part('loop', new Error('stuck')));
    lifecycle.add('door', part('door'));
    expect(lifecycle.signal.aborted).toBe(false);
    const stopping = lifecycle.stop();
    await expect(stopping).rejects.toThrow('stopping loop failed');
    await expect(lifecycle.stop()).rejects.toThrow('stopping loop failed');
    expect(stopped).toEqual(['door', 'loop', 'store']);
    expect(lifecycle.signal.aborted).toBe(true);
  });
});

describe('a secret', () => {
  it('shows itself to nobody but who reveals it', () => {
    const wrapped = secret('hunter2');
    expect(`${wrapped.toString()} ${JSON.stringify({ wrapped })}`).toBe('[secret] {"wrapped":"[secret]"}');
    expect(JSON.stringify(Object.entries(wrapped))).not.toContain('hunter2');
    expect(revealSecret(wrapped)).toBe('hunter2');
    expect(() => revealSecret({ ...wrapped })).toThrow('copied');
  });
});

describe('invariants', () => {
  it('stop the work with the sentence that was broken', () => {
    expect(() => assert(false, 'the sky is blue')).toThrow('invariant broken: the sky is blue');
    expect(() => unreachable('x' as never)).toThrow('unserved case "x"');
  });
});

describe('the manual clock', () => {
  it('fires timers in the order of their times, then of their setting, and lets promises settle between', async () => {
    const clock = createManualClock();
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push(`late at ${clock.bootMs()}`));
    clock.setTimer(10, () => {
      fired.push('first');
      void Promise.resolve().then(() => fired.push('settled'));
      clock.setTimer(0, () => fired.push('nested'));
    });
    clock.setTimer(10, () => fired.push('second'));
    const cancelled = clock.setTimer(15, () => fired.push('never'));
    cancelled.cancel();
    await clock.advance(20);
    expect(fired).toEqual(['first', 'settled', 'second', 'nested', 'late at 1000020']);
    expect(clock.pending).toBe(0);
  });

  it('steps the wall alone when it is told to', async () => {
    const clock = createManualClock(1000, 0);
    clock.stepWall(-500);
    await clock.advance(10);
    expect([clock.now(), clock.bootMs()]).toEqual([510, 10]);
  });

  it('ends a sleep with the reason of its signal', async () => {
    const clock = createManualClock();
    const giveUp = new AbortController();
    const sleeping = clock.sleep(1000, giveUp.signal).catch((error: unknown) => error);
    giveUp.abort(new Error('awake'));
    expect(await sleeping).toMatchObject({ message: 'awake' });
    expect(clock.pending).toBe(0);
  });
});

describe('seeded chance', () => {
  it('is the same for the same seed, and another for another', () => {
    const draw = (seed: number) => {
      const entropy = createSeededEntropy(seed);
      return [entropy.id('node'), entropy.random(), [...entropy.bytes(8)]];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1)[0]).toMatch(/^node_[a-z2-7]{26}$/);
  });
});
