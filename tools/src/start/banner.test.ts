import { expect, test } from 'vitest';
import { claimUrl, listUrls, renderBanner } from './banner.ts';
import type { StartOptions } from './options.ts';

const options: StartOptions = {
  dataFolder: '/d',
  port: 7600,
  host: '127.0.0.1',
  publicUrl: undefined,
  agentUrl: undefined,
  agentFile: undefined,
  tls: undefined,
  agent: true,
  service: false,
  yes: false,
  logLevel: 'info',
};

test('names the public address first, plain HTTP only for this machine', () => {
  expect(listUrls(options, [])).toEqual(['http://localhost:7600']);
  expect(listUrls({ ...options, host: '0.0.0.0' }, ['192.168.1.5'])).toEqual(['https://192.168.1.5:7600', 'http://localhost:7600']);
  expect(listUrls({ ...options, host: '192.168.1.5', publicUrl: 'https://a.b' }, [])).toEqual(['https://a.b', 'https://192.168.1.5:7600']);
});

test('shows the claim code and its QR until the cluster has an owner, with the code in the fragment', async () => {
  const facts = { urls: ['http://localhost:7600'], device: 'Docker', dataFolder: '/d', colours: false };
  const unclaimed = await renderBanner({ ...facts, claimCode: 'ABCD-EFGH' });
  expect(unclaimed).toContain('ABCD-EFGH');
  expect(unclaimed).toContain('█');
  expect(await renderBanner({ ...facts, claimCode: undefined })).not.toContain('Claim code');
  expect(new URL(claimUrl('http://localhost:7600', 'A B')).search).toBe('');
});
