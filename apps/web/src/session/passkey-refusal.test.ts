import { expect, it } from 'vitest';
import { passkeyRefusalOf } from './passkey-refusal.ts';

it.each([
  ['ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY', 'aborted'],
  ['AUTH_CANCELLED', 'aborted'],
  ['ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED', 'known'],
  ['NOT_SUPPORTED_YET', 'unfit'],
  ['STORE_UNAVAILABLE', 'unanswered'],
  ['SOMETHING_NEW', 'unknown'],
] as const)('says of %s that it is %s', (code, refusal) => expect(passkeyRefusalOf({ code, message: '' })).toBe(refusal));

it('says of a failure without a code that it is unknown', () => expect(passkeyRefusalOf({ status: 500 })).toBe('unknown'));
