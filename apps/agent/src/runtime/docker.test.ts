import { describe, test } from 'vitest';
import { findRealEngine, TEST_IMAGE } from '../testing/real-engine.ts';
import { runtimeContract } from './contract/runtime-contract.ts';

const engine = await findRealEngine();

describe.skipIf(typeof engine === 'string')('the Docker engine', () => {
  runtimeContract(() => {
    if (typeof engine === 'string') throw new Error(engine);
    const programs = {
      stays: {
        image: TEST_IMAGE,
        command: ['/bin/sh', '-c', 'echo $GREETING; trap "exit 0" TERM; while :; do /bin/busybox sleep 0.05; done'],
      },
      exits3: { image: TEST_IMAGE, command: ['/bin/sh', '-c', 'exit 3'] },
      writes: {
        image: TEST_IMAGE,
        command: ['/bin/sh', '-c', 'head -c 3145728 /dev/zero > /f; echo written; exec sleep 60'],
      },
      missingImage: 'cloudless/missing:1',
    };
    return Promise.resolve({ runtime: engine.runtime, programs });
  });
});

// A skip names its reason in the report.
test.runIf(typeof engine === 'string')(`no engine to test with: ${typeof engine === 'string' ? engine : ''}`, (context) => context.skip());
