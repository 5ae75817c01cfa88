/** Why the browser or the coordinator took no passkey: a key of `settings.passkeyRefusal`. */
export type PasskeyRefusal = 'aborted' | 'known' | 'unfit' | 'unanswered' | 'unknown';

/** @param error of better-auth's client, whose codes are its own, of WebAuthn's program, or ours in capitals */
export function passkeyRefusalOf(error: object): PasskeyRefusal {
  switch ('code' in error ? error.code : undefined) {
    case 'ERROR_CEREMONY_ABORTED':
    case 'AUTH_CANCELLED':
    case 'REGISTRATION_CANCELLED':
    case 'ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY':
      return 'aborted';
    case 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED':
    case 'PREVIOUSLY_REGISTERED':
      return 'known';
    case 'ERROR_INVALID_DOMAIN':
    case 'ERROR_INVALID_RP_ID':
    case 'NOT_SUPPORTED_YET':
      return 'unfit';
    case 'STORE_UNAVAILABLE':
    case 'NO_LEADER':
      return 'unanswered';
    default:
      return 'unknown';
  }
}
