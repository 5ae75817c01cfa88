import type { CoordinatorConfig } from '../config.ts';
import type { HostPolicy } from '../gateway/host-policy.ts';
import { readVirtualAddresses } from '../machine.ts';

/** Where agents reach a coordinator that stands by, the best first, for the leader to tell them. */
export function listOwnAddresses({
  config,
  hosts,
  port,
}: {
  readonly config: CoordinatorConfig;
  readonly hosts: HostPolicy;
  readonly port: number;
}): readonly string[] {
  const named = config.agentUrl ?? config.publicUrl;
  const virtual = readVirtualAddresses();
  const addresses = hosts.loopbackOnly
    ? [config.host]
    : hosts.names().filter((name) => /^[\d.]+$|:/.test(name) && !virtual.includes(name) && !/^(fe80:|127\.|::1$)/.test(name));
  const own = addresses.map((name) => `${name.includes(':') ? `[${name}]` : name}:${port}`);
  return [...(named ? [named.href.replace(/\/+$/, '')] : []), ...own].slice(0, MAX_ADDRESSES);
}

/** Of one coordinator: what is told to agents holds several. */
const MAX_ADDRESSES = 5;
