import type { Logger } from '@cloudless/kernel';
import { DialFailed, toLinkUrl } from '@cloudless/transport/tls';

/** Addresses kept; the coordinator's list has no more. */
const MAX_ADDRESSES = 16;
/**
 * An address that takes connections and says nothing, as a paused coordinator's does, is left after this long while others were not tried.
 * Only one is asked at a time: two that got through would be two machines with one identity to the coordinator, which raises an alarm.
 */
const SILENT_MS = 4_000;

/** For a dial: how long the other end may take to open, where that is limited. */
export type Opening = { readonly openWithinMs?: number };
/** What came of the addresses that were tried. */
type Failed = { readonly faults: DialFailed[]; readonly silent: string[] };
type Attempt<T> = (url: string, signal: AbortSignal, opening: Opening) => Promise<T>;

/** Where this device may find its coordinator. */
export interface AddressBook {
  /** URLs of the link, the one that answered last first. */
  urls(): readonly string[];
  /** The coordinator's list, in place of the one before. Those that were configured stay. */
  replace(addresses: readonly string[]): Promise<void>;
}

export type AddressBookDeps = {
  /** From the configuration, the token or the command line: never dropped. */
  readonly configured: readonly string[];
  readonly load: () => Promise<readonly string[]>;
  readonly save: (addresses: readonly string[]) => Promise<void>;
  /** Yields those URLs that a connection can be made to, as they answer. */
  readonly probe: (urls: readonly string[], signal: AbortSignal) => AsyncIterable<string>;
  /** Addresses of coordinators of this cluster on the local network; asked when no other answers. */
  readonly findOnLan?: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly logger: Logger;
};

export interface Addresses extends AddressBook {
  /**
   * Makes an attempt at each address that answers, until one comes about. What another end refused ends it: it was reached. One that says
   * nothing gives way to the others for once, and is asked again with patience when none of them helped.
   * @throws DialFailed with the hop that failed
   */
  attempt<T>(work: Attempt<T>, signal: AbortSignal): Promise<T>;
}

export async function createAddressBook(deps: AddressBookDeps): Promise<Addresses> {
  const { configured, logger } = deps;
  let known = [...(await deps.load())];
  let last: string | undefined;

  function urls(): readonly string[] {
    const all = [...configured, ...known].map(toLinkUrl).filter((url) => url !== undefined);
    return [...new Set([...(last !== undefined && all.includes(last) ? [last] : []), ...all])];
  }

  async function attemptAt<T>(
    candidates: readonly string[],
    work: Attempt<T>,
    signal: AbortSignal,
    failed: Failed,
  ): Promise<{ readonly value: T } | undefined> {
    const untried = new Set(candidates);
    for await (const url of deps.probe(candidates, signal)) {
      untried.delete(url);
      try {
        const value = await work(url, signal, untried.size > 0 ? { openWithinMs: SILENT_MS } : {});
        last = url;
        return { value };
      } catch (cause) {
        signal.throwIfAborted();
        // Refused by the right one is an answer; what another answered, or nobody, leaves the other addresses.
        if (!(cause instanceof DialFailed) || !cause.retry) throw cause;
        failed.faults.push(cause);
        if (cause.isSilent) failed.silent.push(url);
        logger.info({ op: 'coordinator.dial', outcome: 'failed', url, hop: cause.hop, reason: cause.message });
      }
    }
    return undefined;
  }

  async function findFurther(known: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const nearby = (await deps.findOnLan?.(signal).catch(() => [])) ?? [];
    return nearby
      .map(toLinkUrl)
      .filter((url) => url !== undefined)
      .filter((url) => !known.includes(url));
  }

  /** One address at a time, so that none is cut short for another. */
  async function attemptPatiently<T>(work: Attempt<T>, signal: AbortSignal, failed: Failed): Promise<{ readonly value: T } | undefined> {
    for (const url of [...failed.silent]) {
      const found = await attemptAt([url], work, signal, failed);
      if (found) return found;
    }
    return undefined;
  }

  return {
    urls,
    async replace(addresses) {
      const next = addresses.filter((address) => toLinkUrl(address) !== undefined).slice(0, MAX_ADDRESSES);
      if (next.length === 0 || (next.length === known.length && next.every((address, index) => address === known[index]))) return;
      known = next;
      await deps.save(known);
    },
    async attempt(work, signal) {
      const failed: Failed = { faults: [], silent: [] };
      const tried = urls();
      const found =
        (await attemptAt(tried, work, signal, failed)) ??
        (await attemptAt(await findFurther(tried, signal), work, signal, failed)) ??
        (await attemptPatiently(work, signal, failed));
      if (found) return found.value;
      throw failed.faults[0] ?? unreached(tried);
    },
  };
}

const unreached = (urls: readonly string[]): DialFailed =>
  urls.length === 0
    ? new DialFailed(
        'path_lost',
        'This device knows no address of its coordinator, and none answered on the local network: name it with --at.',
        { hop: 'dns' },
      )
    : new DialFailed(
        'path_lost',
        `Nothing answers at ${urls.map((url) => new URL(url).host).join(', ')}: check that the coordinator runs, that this machine is in its network, and that no firewall stands between.`,
        { hop: 'tcp' },
      );
