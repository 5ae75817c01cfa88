import type { Clock, Logger } from '@cloudless/kernel';
import type { Reach } from '@cloudless/proto';
import type { HostPolicy } from '../gateway/host-policy.ts';
import type { Base } from '../install/commands.ts';
import { checkPublicUrl, type PublicCheck } from './check-public-url.ts';

/** A public URL is looked at again this often. */
const CHECK_MS = 15 * 60_000;
const MAX_ADDRESSES = 16;

export type ReachOptions = {
  readonly hosts: HostPolicy;
  /** Where agents reach it when that is no address of this machine: a proxy or tunnel, maybe with a path. */
  readonly publicUrl: string | undefined;
  readonly port: () => number;
  /** Known to this process alone: what answers under the public URL must say it. */
  readonly mark: string;
  /** Base64 of the SHA-256 of the key that the gateway's own certificate has; absent without TLS. */
  readonly pin: () => string | undefined;
  /** Addresses of this machine that no other machine reaches. */
  readonly virtualAddresses: () => readonly string[];
  readonly firewallCommand: (port: number) => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** From where devices reach this coordinator. */
export interface ReachKeeper {
  get(): Reach;
  check(signal: AbortSignal): Promise<Reach>;
  /** For tokens and agents, the best first. */
  addresses(): readonly string[];
  /** For the command of the dialog. */
  base(): Base;
  /** Checks the public URL now and then. */
  start(): void;
  stop(): void;
}

export function createReach(options: ReachOptions): ReachKeeper {
  const { hosts, publicUrl, port, clock, logger } = options;
  const stopping = new AbortController();
  let checked: (PublicCheck & { readonly at: number }) | undefined;

  const hostPort = (name: string): string => `${name.includes(':') ? `[${name}]` : name}:${port()}`;
  /** Addresses before names: they need no resolver. Link-local ones mean nothing without their interface. */
  function ownNames(): readonly string[] {
    const virtual = options.virtualAddresses();
    const own = hosts
      .names()
      .filter((name) => !virtual.includes(name) && !name.startsWith('fe80:') && !isLoopback(name) && name !== publicName);
    const isAddress = (name: string): boolean => name.includes(':') || /^[\d.]+$/.test(name);
    const v4 = own.filter((name) => /^[\d.]+$/.test(name));
    const v6 = own.filter((name) => name.includes(':'));
    return [...v4, ...v6, ...own.filter((name) => !isAddress(name) && name.endsWith('.local'))];
  }
  const publicName = publicUrl === undefined ? undefined : new URL(publicUrl).hostname;

  function get(): Reach {
    const kind = checked?.state === 'passed' ? 'anywhere' : hosts.loopbackOnly ? 'machine' : 'network';
    const firewallCommand = kind === 'network' ? options.firewallCommand(port()) : undefined;
    return {
      kind,
      addresses: [...addresses()],
      ...(publicUrl === undefined
        ? {}
        : {
            publicUrl: {
              url: publicUrl,
              state: checked?.state ?? 'checking',
              message: checked?.message ?? `${publicUrl} is being looked at.`,
              ...(checked ? { checkedAt: checked.at } : {}),
            },
          }),
      ...(firewallCommand === undefined ? {} : { firewallCommand }),
    };
  }

  function addresses(): readonly string[] {
    const own = hosts.loopbackOnly ? [`127.0.0.1:${port()}`] : ownNames().map(hostPort);
    // One that failed its check stays: it may be reached from elsewhere, and costs a try.
    const known = checked?.state === 'failed' ? [...own, publicUrl] : [publicUrl, ...own];
    return known.filter((address) => address !== undefined).slice(0, MAX_ADDRESSES);
  }

  async function check(signal: AbortSignal): Promise<Reach> {
    if (publicUrl !== undefined) {
      checked = { ...(await checkPublicUrl(publicUrl, options.mark, signal)), at: clock.now() };
      logger.info({ op: 'reach.check', outcome: checked.state === 'passed' ? 'ok' : 'failed', url: publicUrl, reason: checked.message });
    }
    return get();
  }

  async function keepChecking(): Promise<void> {
    while (!stopping.signal.aborted) {
      await check(stopping.signal);
      await clock.sleep(CHECK_MS, stopping.signal).catch(() => undefined);
    }
  }

  return {
    get,
    check,
    addresses,
    base() {
      if (checked?.state === 'passed' && publicUrl !== undefined) return { url: publicUrl, pin: checked.pin };
      const [first] = hosts.loopbackOnly ? [] : ownNames();
      if (first === undefined) return { url: `http://127.0.0.1:${port()}`, pin: undefined };
      return { url: `https://${hostPort(first)}`, pin: options.pin() };
    },
    start() {
      if (publicUrl !== undefined)
        keepChecking().catch((cause: unknown) => {
          if (!stopping.signal.aborted) logger.warn({ op: 'reach.check', outcome: 'failed' }, cause);
        });
    },
    stop: () => stopping.abort(new Error('the coordinator stops')),
  };
}

const isLoopback = (name: string): boolean => name === 'localhost' || name === '::1' || name.startsWith('127.');
