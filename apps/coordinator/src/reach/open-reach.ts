import { createHash, X509Certificate } from 'node:crypto';
import type { Ground } from '../ground.ts';
import { readVirtualAddresses } from '../machine.ts';
import type { Https } from '../https.ts';
import { createReach, type ReachKeeper } from './create-reach.ts';
import { findFirewallCommand } from './firewall-command.ts';

/** Base64 of the SHA-256 of a certificate's key: what curl calls a pinned public key (RFC 7469 §2.4). */
function pinOf(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

/** @param mark known to this process alone; @param port the one that the gateway got */
export function openReach({ config, hosts, clock, logger }: Ground, https: Https, mark: string, port: () => number): ReachKeeper {
  const url = config.agentUrl ?? config.publicUrl;
  return createReach({
    hosts,
    publicUrl: url?.href.replace(/\/+$/, ''),
    port,
    mark,
    pin: () => https.certificate && pinOf(https.certificate.cert),
    virtualAddresses: readVirtualAddresses,
    firewallCommand: findFirewallCommand,
    clock,
    logger,
  });
}
