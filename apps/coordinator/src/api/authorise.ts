import { CloudlessError, isAllowed, saying, type Permission } from '@cloudless/proto';
import type { Caller } from '../people/people.ts';

/**
 * The one place that decides whether a caller may do a thing at all. Whose row it is, is asked where the row is read.
 *
 * @throws CloudlessError `unauthenticated`, `forbidden`
 */
export function authorise(caller: Caller | undefined, permission: Permission): Caller {
  if (!caller) throw new CloudlessError('unauthenticated', 'This needs a session or an API token, and the request carried neither.');
  const scope = caller.kind === 'token' ? caller.scope : undefined;
  if (isAllowed(permission, caller.role, scope)) return caller;
  const who = scope === undefined ? `the role ${caller.role}` : `a token of scope ${scope} of the role ${caller.role}`;
  throw new CloudlessError('forbidden', `${permission} is not for ${who}.`, saying('roleMayNot', { permission, role: caller.role }));
}
