import { networkInterfaces } from 'node:os';
import QRCode from 'qrcode';
import { isLoopback } from './option-values.ts';
import type { StartOptions } from './options.ts';

export type BannerFacts = {
  readonly urls: readonly string[];
  /** Only until the cluster has an owner. */
  readonly claimCode: string | undefined;
  readonly device: string;
  readonly dataFolder: string;
  /** Whether the first address answers with a certificate that no browser knows. */
  readonly ownCertificate: boolean;
  /** Whether the terminal takes colour codes. */
  readonly colours: boolean;
};

/** Addresses that people can open, the one to share first. */
export function listUrls(options: StartOptions, addresses: readonly string[]): readonly string[] {
  const { host, port, publicUrl } = options;
  const here = `http://localhost:${port}`;
  if (isLoopback(host)) return publicUrl === undefined ? [here] : [publicUrl, here];
  const everywhere = host === '0.0.0.0' || host === '::';
  const lan = (everywhere ? addresses : [host]).map((address) => `https://${address.includes(':') ? `[${address}]` : address}:${port}`);
  return [...(publicUrl === undefined ? [] : [publicUrl]), ...lan, ...(everywhere ? [here] : [])];
}

/** IPv4 addresses of this machine on its networks; containers' bridges are left out. */
export function readLanAddresses(): readonly string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth|cl|virbr)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter((address) => !address.internal && address.family === 'IPv4')
    .map((address) => address.address);
}

/** The claim page with the code in the fragment, which no server or log ever sees. */
export const claimUrl = (url: string, code: string): string => `${url}/claim#code=${encodeURIComponent(code)}`;

/** A QR of an address that only this machine opens leads a phone nowhere. */
const isOfThisMachine = (url: string): boolean => URL.parse(url)?.hostname === 'localhost';

/** What stands on the terminal once everything runs. */
export async function renderBanner(facts: BannerFacts): Promise<string> {
  const { urls, claimCode } = facts;
  const [url = ''] = urls;
  const first = claimCode === undefined ? url : claimUrl(url, claimCode);
  const lines = [
    '',
    '  Cloudless is running.',
    '',
    `  Open        ${first}`,
    ...urls.slice(1).map((address) => `              ${address}`),
  ];
  if (claimCode !== undefined) lines.push(`  Claim code  ${claimCode}   (works once; makes you the owner)`);
  if (isOfThisMachine(url)) lines.push('  Reached     from this machine only; from others after `npm start -- --host 0.0.0.0`');
  else if (facts.ownCertificate)
    lines.push("  Certificate this cluster's own: browsers warn until you trust it (Settings → Trust this dashboard)");
  lines.push(`  Device      ${facts.device}`, `  Data        ${facts.dataFolder}`, '');
  if (claimCode !== undefined && !isOfThisMachine(url)) lines.push(await renderQr(first, facts.colours), '');
  lines.push('  Ctrl-C stops the control plane; your apps keep running.', '');
  return lines.join('\n');
}

/** Colours keep dark on light also on a dark terminal; a file gets plain blocks. */
async function renderQr(text: string, colours: boolean): Promise<string> {
  const level = { errorCorrectionLevel: 'L', margin: 2 } as const;
  const qr = await (colours
    ? QRCode.toString(text, { ...level, type: 'terminal', small: true })
    : QRCode.toString(text, { ...level, type: 'utf8' }));
  return qr.trimEnd().replaceAll(/^/gm, '  ');
}
