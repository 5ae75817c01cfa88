import { isLoopbackAddress, isLoopbackName, parseHost, plainAddress } from './addresses.ts';

export type HostPolicyOptions = {
  /** Where the gateway listens. */
  readonly host: string;
  /** Addresses of proxies and tunnels before it. */
  readonly publicUrls: readonly URL[];
  /** Names of this machine; read at each unknown name, because a lease or a name may change. */
  readonly machine: () => { readonly hostname: string; readonly addresses: readonly string[] };
};

export interface HostPolicy {
  /** `false`: the name is not one of ours, as in DNS rebinding, and is answered with 421. */
  isKnown(hostHeader: string | undefined): boolean;
  /** How the browser reached it: TLS that ends at a proxy or tunnel in front is known by the public name. */
  schemeOf(hostHeader: string | undefined, encrypted: boolean): 'http' | 'https';
  /** Whether what listens here is reached from this machine only. */
  readonly loopbackOnly: boolean;
  /** Names and addresses for a certificate and for people, the most useful first. */
  names(): readonly string[];
}

/** Which `Host` is ours. An address of this machine or a name it bears cannot be another site's, so rebinding ends here. */
export function createHostPolicy({ host, publicUrls, machine }: HostPolicyOptions): HostPolicy {
  const loopbackOnly = isLoopbackName(host);
  const publicUrlOf = (header: string | undefined): URL | undefined => {
    const name = parseHost(header)?.name;
    return name === undefined ? undefined : publicUrls.find((url) => parseHost(url.host)?.name === name);
  };

  function machineNames(): string[] {
    if (loopbackOnly) return [];
    const { hostname, addresses } = machine();
    const short = hostname.toLowerCase().split('.')[0] ?? '';
    const named = short === '' ? [] : [hostname.toLowerCase(), short, `${short}.local`];
    const reached = addresses.map(plainAddress).filter((address) => !isLoopbackAddress(address));
    return [...new Set([...named, ...reached, ...(host === '0.0.0.0' || host === '::' ? [] : [host.toLowerCase()])])];
  }

  return {
    loopbackOnly,
    schemeOf: (header, encrypted) => (encrypted || publicUrlOf(header)?.protocol === 'https:' ? 'https' : 'http'),
    isKnown(header) {
      const parsed = parseHost(header);
      if (!parsed) return false;
      return isLoopbackName(parsed.name) || publicUrlOf(header) !== undefined || machineNames().includes(parsed.name);
    },
    names: () => [...publicUrls.flatMap((url) => parseHost(url.host)?.name ?? []), ...machineNames(), 'localhost', '127.0.0.1', '::1'],
  };
}
