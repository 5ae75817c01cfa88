import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeviceAuthority, createWebCa, issueWebCertificate, openDeviceCa } from '@cloudless/identity/ca';
import { createRealEntropy } from '@cloudless/kernel/node';
import type { ClusterId } from '@cloudless/proto';

const entropy = createRealEntropy();
const DAY_MS = 86_400_000;

/** An authority and what it signs, as files. */
export async function createStoreCertificates(now: number) {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-store-tls-'));
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  /** For a node of the store at 127.0.0.1 unless other names are given. */
  async function issueServer(name: string, options: { readonly agedDays?: number; readonly ips?: readonly string[] } = {}) {
    const at = now - (options.agedDays ?? 0) * DAY_MS;
    const authority = await createWebCa({ now: at, entropy });
    const { certificate, key } = await issueWebCertificate({
      ca: authority,
      names: [],
      ips: options.ips ?? ['127.0.0.1'],
      now: at,
      entropy,
    });
    const [ca, cert] = [await write(`${name}-ca.pem`, authority.certificate), await write(`${name}.pem`, certificate)];
    return { ca, cert, key: await write(`${name}.key`, key), tls: { cert: certificate, key } };
  }

  /** For a coordinator. */
  async function issueClient(name: string) {
    const clusterId = entropy.id('cluster') as ClusterId;
    const authority = await createDeviceAuthority({ clusterId, now, entropy });
    const { certificate, key } = await (await openDeviceCa({ authority, clusterId, entropy })).issueCoordinator(now);
    const ca = await write(`${name}-ca.pem`, authority.certificate);
    return { ca, authority: authority.certificate, cert: await write(`${name}.pem`, certificate), key: await write(`${name}.key`, key) };
  }

  return { folder, issueServer, issueClient, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
