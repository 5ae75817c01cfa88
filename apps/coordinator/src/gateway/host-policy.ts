import { isLoopbackAddress, isLoopbackName, parseHost, plainAddress } from './addresses.ts';

export type HostPolicyOptions = {
  /** Where the gateway listens. */
  readonly host: string;
  readonly publicUrl: URL | undefined;
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
export function createHostPolicy({ host, publicUrl, machine }: HostPolicyOptions): HostPolicy {
  const loopbackOnly = isLoopbackName(host);
  const publicName = publicUrl && parseHost(publicUrl.host)?.name;

  function machineNames(): string[] {
    if (loopbackOnly) return [];
    const { hostname, addresses } = machine();
    const short = hostname.toLowerCase().split('.')[0] ?? '';
    const named = short === '' ? [] : [hostname.toLowerCase(), short, `${short}.local`];
    const reached = addresses.map(plainAddress).filter((address) => !isLoopbackAddress(address));
    return [...new Set([...named, ...reached, ...(host === '0.0.0.0' || host === '::' ? [] : [host.toLowerCase()])])];
  }

  const isPublic = (header: string | undefined): boolean => publicName !== undefined && parseHost(header)?.name === publicName;
  return {
    loopbackOnly,
    schemeOf: (header, encrypted) => (encrypted || (isPublic(header) && publicUrl?.protocol === 'https:') ? 'https' : 'http'),
    isKnown(header) {
      const parsed = parseHost(header);
      if (!parsed) return false;
      return isLoopbackName(parsed.name) || isPublic(header) || machineNames().includes(parsed.name);
    },
    names: () => [...(publicName === undefined ? [] : [publicName]), ...machineNames(), 'localhost', '127.0.0.1', '::1'],
  };
}
