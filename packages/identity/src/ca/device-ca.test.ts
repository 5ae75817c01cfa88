import { X509Certificate } from 'node:crypto';
import type { ClusterId, NodeId } from '@cloudless/proto';
import { createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { createCsr, createDeviceKey, hashPrivateKey, judgeCoordinator, judgePinned, readValidity, verifySvid } from '../index.ts';
import { createDeviceAuthority, openDeviceCa } from './index.ts';

const entropy = createRealEntropy();
const now = 1_790_000_000_000;
const nodeId = entropy.id('node') as NodeId;
const derChain = (pem: string): Uint8Array[] =>
  (pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []).map((text) => new X509Certificate(text).raw);

async function createCluster() {
  const clusterId = entropy.id('cluster') as ClusterId;
  const authority = await createDeviceAuthority({ clusterId, now, entropy });
  return { clusterId, authority, ca: await openDeviceCa({ authority, clusterId, entropy }) };
}

async function issue(ca: Awaited<ReturnType<typeof createCluster>>['ca']) {
  const key = createDeviceKey();
  const request = ca.readCsr(createCsr(key));
  if (!request.ok) throw new Error(request.error.message);
  return { key, ...ca.issueNode(nodeId, request.value, now) };
}

describe('the device authority', () => {
  it('issues an SVID that names the node and the key of the request, valid for 24 hours', async () => {
    const { ca } = await createCluster();
    const { key, certificate, serial } = await issue(ca);
    const svid = verifySvid(derChain(certificate), ca.bundle, now);
    expect(svid).toMatchObject({ ok: true, value: { subject: { kind: 'node', nodeId }, serial, keyHash: hashPrivateKey(key) } });
    expect(readValidity(certificate)?.notAfter).toBe(now + 24 * 3_600_000);
  });

  it('is refused by another cluster, even under the same subject', async () => {
    const [mine, theirs] = [await createCluster(), await createCluster()];
    const { certificate } = await issue(theirs.ca);
    expect(verifySvid(derChain(certificate), mine.ca.bundle, now)).toMatchObject({ ok: false, error: { code: 'untrusted' } });
  });

  it('judges time by the instant that is passed in', async () => {
    const { ca } = await createCluster();
    const chain = derChain((await issue(ca)).certificate);
    expect(verifySvid(chain, ca.bundle, now + 25 * 3_600_000)).toMatchObject({
      ok: false,
      error: { code: 'expired', svid: { subject: { nodeId } } },
    });
    expect(verifySvid(chain, ca.bundle, now - 86_400_000)).toMatchObject({ ok: false, error: { code: 'notYetValid' } });
  });

  it('refuses its own certificate as an identity, none, and rubbish', async () => {
    const { ca } = await createCluster();
    expect(verifySvid(derChain(ca.bundle), ca.bundle, now)).toMatchObject({ ok: false, error: { code: 'notSvid' } });
    expect(verifySvid([], ca.bundle, now)).toMatchObject({ ok: false, error: { code: 'absent' } });
    expect(verifySvid([Uint8Array.of(1, 2, 3)], ca.bundle, now)).toMatchObject({ ok: false, error: { code: 'malformed' } });
  });

  it('refuses requests that cannot be read', async () => {
    const { ca } = await createCluster();
    expect(ca.readCsr('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----')).toMatchObject({ ok: false });
    const csr = createCsr(createDeviceKey());
    const [head, body = '', tail] = csr.split(/\n(?=[A-Za-z0-9+/=])|\n(?=-----END)/s);
    const bytes = Buffer.from(body.replaceAll('\n', ''), 'base64');
    const last = bytes.byteLength - 1;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    expect(ca.readCsr([head, bytes.toString('base64'), tail].join('\n'))).toMatchObject({ ok: false });
  });
});

describe('a device', () => {
  it("takes only its own cluster's coordinator, not another device of it", async () => {
    const [mine, theirs] = [await createCluster(), await createCluster()];
    const judge = judgeCoordinator({ bundle: mine.ca.bundle, clusterId: mine.clusterId, now: () => now });
    expect(judge(derChain((await mine.ca.issueCoordinator(now)).certificate)).ok).toBe(true);
    expect(judge(derChain((await theirs.ca.issueCoordinator(now)).certificate)).ok).toBe(false);
    expect(judge(derChain((await issue(mine.ca)).certificate)).ok).toBe(false);
  });

  it('that joins takes the coordinator whose authority its token pins, whatever its own clock says', async () => {
    const [mine, theirs] = [await createCluster(), await createCluster()];
    const chain = derChain((await mine.ca.issueCoordinator(now)).certificate);
    expect(judgePinned(mine.ca.caHash)(chain).ok).toBe(true);
    expect(judgePinned(theirs.ca.caHash)(chain).ok).toBe(false);
    expect(judgePinned(mine.ca.caHash)(chain.slice(0, 1)).ok).toBe(false);
    expect(judgePinned(mine.ca.caHash)(derChain((await issue(mine.ca)).certificate)).ok).toBe(false);
  });
});
