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

const facts = { device: 'Docker', dataFolder: '/d', ownCertificate: true, colours: false };

test('opens the claim page with the code in the fragment until the cluster has an owner', async () => {
  const urls = ['http://localhost:7600'];
  expect(await renderBanner({ ...facts, urls, claimCode: 'ABCD-EFGH' })).toContain(
    'Open        http://localhost:7600/claim#code=ABCD-EFGH\n',
  );
  const claimed = await renderBanner({ ...facts, urls, claimCode: undefined });
  expect(claimed).toContain('Open        http://localhost:7600\n');
  expect(claimed).not.toContain('Claim code');
  expect(new URL(claimUrl('http://localhost:7600', 'A B')).search).toBe('');
});

test('shows a QR only of an address that a phone can open, and says how to get one', async () => {
  const here = await renderBanner({ ...facts, urls: ['http://localhost:7600'], claimCode: 'ABCD-EFGH' });
  expect(here).not.toContain('█');
  expect(here).toContain('npm start -- --host 0.0.0.0');
  const there = await renderBanner({ ...facts, urls: ['https://192.168.1.5:7600', 'http://localhost:7600'], claimCode: 'ABCD-EFGH' });
  expect(there).toContain('█');
  expect(there).not.toContain('--host');
});

test('tells beforehand that browsers will warn of a certificate of its own', async () => {
  const urls = ['https://192.168.1.5:7600', 'http://localhost:7600'];
  expect(await renderBanner({ ...facts, urls, claimCode: undefined })).toContain('browsers warn');
  expect(await renderBanner({ ...facts, urls, claimCode: undefined, ownCertificate: false })).not.toContain('browsers warn');
});
