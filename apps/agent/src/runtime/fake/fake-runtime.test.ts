import { createRealClock } from '@cloudless/kernel/node';
import { describe } from 'vitest';
import { runtimeContract } from '../contract/runtime-contract.ts';
import { createFakeRuntime } from './fake-runtime.ts';

describe('the fake engine', () => {
  runtimeContract(() => {
    const images = {
      stays: { prints: ['hello'], startMs: 1, stopMs: 1 },
      writes: { prints: ['written'], startMs: 1, stopMs: 1, writesBytes: 3 * 2 ** 20 },
      exits3: { startMs: 1, exits: { afterMs: 1, exit: { code: 3, oomKilled: false } } },
    };
    const runtime = createFakeRuntime({ clock: createRealClock(), images });
    return Promise.resolve({
      runtime,
      programs: { stays: { image: 'stays' }, exits3: { image: 'exits3' }, writes: { image: 'writes' }, missingImage: 'example/missing:1' },
    });
  });
});
