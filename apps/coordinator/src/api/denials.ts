import type { Logger } from '@cloudless/kernel';
import { isCloudlessError, type Permission } from '@cloudless/proto';
import type { Caller } from '../people/people.ts';
import { authorise } from './authorise.ts';
import { record, tell, type WriteParts } from './write-rows.ts';

/** The same attempt of the same caller is told once in so long: a program that tries for ever cannot fill the feed. */
const TELL_EVERY_MS = 3_600_000;
/** Attempts remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 1000;

/** @throws CloudlessError `unauthenticated`, `forbidden` */
export type Authorise = (caller: Caller | undefined, permission: Permission) => Caller;

/** As `authorise`, and leaves an event when somebody who is signed in tries what is not theirs to do. */
export function createAuthorise(parts: WriteParts & { readonly logger: Logger }): Authorise {
  const toldAtMs = new Map<string, number>();

  function isNews(key: string): boolean {
    const now = parts.clock.bootMs();
    if (now - (toldAtMs.get(key) ?? -Infinity) < TELL_EVERY_MS) return false;
    toldAtMs.delete(key);
    toldAtMs.set(key, now);
    const [oldest] = toldAtMs.keys();
    if (toldAtMs.size > MAX_REMEMBERED && oldest !== undefined) toldAtMs.delete(oldest);
    return true;
  }

  return (caller, permission) => {
    try {
      return authorise(caller, permission);
    } catch (cause) {
      if (caller && isCloudlessError(cause) && isNews(`${caller.id} ${permission}`)) {
        const params = { name: caller.name, permission, code: cause.code };
        const message = `${caller.name} was refused: ${cause.message}`;
        void record(parts, tell(parts, caller, { kind: 'access.denied', severity: 'warning', params, message }));
      }
      throw cause;
    }
  };
}
