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

/** What stands on the terminal once everything runs. */
export async function renderBanner(facts: BannerFacts): Promise<string> {
  const [url = ''] = facts.urls;
  const lines = [
    '',
    '  Cloudless is running.',
    '',
    ...facts.urls.map((address, index) => `  ${index === 0 ? 'Open      ' : '          '}  ${address}`),
  ];
  if (facts.claimCode !== undefined) {
    const code = claimUrl(url, facts.claimCode);
    const level = { errorCorrectionLevel: 'L', margin: 2 } as const;
    // Colours keep dark on light also on a dark terminal; a file gets plain blocks.
    const qr = await (facts.colours
      ? QRCode.toString(code, { ...level, type: 'terminal', small: true })
      : QRCode.toString(code, { ...level, type: 'utf8' }));
    lines.push(`  Claim code  ${facts.claimCode}   (works once; makes you the owner)`, '', qr.trimEnd().replaceAll(/^/gm, '  '), '');
  }
  lines.push(
    `  Device      ${facts.device}`,
    `  Data        ${facts.dataFolder}`,
    '',
    '  Ctrl-C stops the control plane; your apps keep running.',
    '',
  );
  return lines.join('\n');
}
