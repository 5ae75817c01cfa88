import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWebCa, issueWebCertificate } from '@cloudless/identity/ca';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createPair, describeLinkContract } from '@cloudless/transport/contract';
import { describe, test } from 'vitest';
import { findProgram } from '../engine/machine-facts.ts';
import { freePort } from '../start/listen-check.ts';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { startNginx } from './nginx.ts';

const hasNginx = findProgram('nginx', process.env) !== undefined;
const prefix = '/cloudless/';

/** As people put it before a coordinator: TLS of its own, a path. */
async function startFront(upstreamPort: number, upgrades?: 'websocket') {
  const files = createTemporaryFolder('nginx-tls');
  const [cert, key] = [join(files.path, 'cert.pem'), join(files.path, 'key.pem')];
  const now = createRealClock().now();
  const entropy = createRealEntropy();
  const ca = await createWebCa({ now, entropy });
  const issued = await issueWebCertificate({ ca, names: [], ips: ['127.0.0.1'], now, entropy });
  writeFileSync(cert, issued.certificate);
  writeFileSync(key, issued.key, { mode: 0o600 });
  const port = await freePort();
  const nginx = await startNginx({
    address: '127.0.0.1',
    port,
    prefix,
    upstream: `http://127.0.0.1:${upstreamPort}/`,
    upgrades,
    cert,
    key,
  });
  return {
    port,
    prefix,
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      files[Symbol.dispose]();
    },
  };
}

describe.skipIf(!hasNginx)('what every link keeps', () => {
  describeLinkContract('through nginx', () => createPair({ startFront }));
  describeLinkContract('through nginx that passes only WebSockets', () =>
    createPair({ carrier: 'websocket', startFront: (upstreamPort) => startFront(upstreamPort, 'websocket') }),
  );
});

// A skip names its reason in the report.
test.runIf(!hasNginx)('no nginx to test with: apt-get install nginx-light', (context) => context.skip());
