import { assert, DeadlineExceeded, withDeadline } from '@cloudless/kernel';
import { isCloudlessError, type UserId } from '@cloudless/proto';
import type { Handlers } from '../call.ts';
import type { Caller } from '../../people/people.ts';
import type { ApiParts } from '../../parts.ts';

type Names =
  | 'claim.state'
  | 'claim.submit'
  | 'recovery.submit'
  | 'account.me'
  | 'account.renewRecoveryCodes'
  | 'token.list'
  | 'token.create'
  | 'token.revoke';

/** The access table lets no token near accounts and tokens. */
function asUser(caller: Caller): Extract<Caller, { kind: 'user' }> {
  assert(caller.kind === 'user', 'accounts are for people');
  return caller;
}

/** A page waits for who asks. */
const PATIENCE_MS = 500;

/** Who asks is known while the store is away, and is to read what is wrong: what only the store knows is left out. */
function unlessAway(cause: unknown): undefined {
  if (cause instanceof DeadlineExceeded) return;
  if (!isCloudlessError(cause) || cause.code !== 'store_unavailable') throw cause;
}

/** People's own: claim, recovery, account, tokens. */
export function createAccountProcedures({ people, clock }: Pick<ApiParts, 'people' | 'clock'>): Pick<Handlers, Names> {
  return {
    'claim.state': () => Promise.resolve({ claimed: people.isClaimed() }),
    async 'claim.submit'({ input, origin, addCookies }) {
      const { recoveryCodes, setCookies } = await people.claim(input, origin);
      addCookies(setCookies);
      return { recoveryCodes: [...recoveryCodes] };
    },
    async 'recovery.submit'({ input, origin }) {
      await people.recover(input, origin);
      return { ok: true };
    },
    async 'account.me'({ caller }) {
      const { id, name, email, role } = asUser(caller);
      const { org, project } = people.home;
      const counted = withDeadline(clock, 'counting the recovery codes', PATIENCE_MS, () => people.recoveryCodesLeft(id as UserId));
      const left = await counted.catch(unlessAway);
      return {
        user: { id, name, email },
        org: { ...org },
        project: { ...project },
        role,
        ...(left === undefined ? {} : { recoveryCodesLeft: left }),
      };
    },
    async 'account.renewRecoveryCodes'({ caller }) {
      return { recoveryCodes: [...(await people.renewRecoveryCodes(asUser(caller).id))] };
    },
    'token.list': async ({ caller }) => ({ rows: [...(await people.tokens.list(asUser(caller).id))] }),
    'token.create': ({ caller, input }) => people.tokens.create(asUser(caller), input),
    async 'token.revoke'({ caller, input }) {
      await people.tokens.revoke(asUser(caller), input.id);
      return { ok: true };
    },
  };
}
