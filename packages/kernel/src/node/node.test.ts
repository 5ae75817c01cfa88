import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { secret } from '../index.ts';
import { createPinoLogger, createRealClock, createRealEntropy } from './index.ts';

describe('the real clock', () => {
  it('runs forward, and its timers and sleeps end', async () => {
    const clock = createRealClock();
    const [wall, boot] = [clock.now(), clock.bootMs()];
    await clock.sleep(15);
    expect(clock.now()).toBeGreaterThanOrEqual(wall);
    expect(clock.bootMs()).toBeGreaterThanOrEqual(boot);
    await expect(clock.sleep(60_000, AbortSignal.abort(new Error('awake')))).rejects.toThrow('awake');
  });

  it('is never more than two steps behind the time that the machine is up, however often it is asked', async () => {
    const clock = createRealClock();
    for (let turn = 0; turn < 3; turn += 1) {
      for (let ask = 0; ask < 1000; ask += 1) clock.bootMs();
      const before = clock.bootMs();
      await clock.sleep(50);
      expect(clock.bootMs() - before).toBeGreaterThanOrEqual(30);
    }
  });

  it('does not fire at once for a delay that is longer than a timer takes', async () => {
    const clock = createRealClock();
    let hasFired = false;
    const timer = clock.setTimer(2 ** 40, () => (hasFired = true));
    await clock.sleep(5);
    expect(hasFired).toBe(false);
    timer.cancel();
  });
});

describe('real chance', () => {
  it('repeats no id, and stays in its range', () => {
    const entropy = createRealEntropy();
    expect(new Set(Array.from({ length: 10_000 }, () => entropy.id('x'))).size).toBe(10_000);
    for (let draw = 0; draw < 1000; draw += 1) {
      const value = entropy.random();
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
    }
    expect(entropy.bytes(32)).toHaveLength(32);
  });

  it('begins ids that are drawn together alike, and others not', () => {
    const entropy = createRealEntropy();
    const beginnings = Array.from({ length: 50_000 }, () => entropy.id('x').slice(0, 'x_'.length + 3));
    const changes = beginnings.filter((beginning, index) => index > 0 && beginning !== beginnings[index - 1]).length;
    expect(changes).toBeGreaterThan(50);
    expect(changes).toBeLessThan(500);
  });
});

describe('the log', () => {
  it('is a line of JSON an event, with its cause and without secrets', () => {
    const lines: string[] = [];
    const destination = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const logger = createPinoLogger('agent', 'info', destination).with({ nodeId: 'node_x' });
    logger.debug({ op: 'unheard' });
    logger.warn({ op: 'allocation.start', outcome: 'failed', password: secret('hunter2') }, new Error('no space'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      name: 'agent',
      op: 'allocation.start',
      outcome: 'failed',
      nodeId: 'node_x',
      cause: { message: 'no space' },
      password: '[secret]',
    });
  });
});
