/** Passkeys belong to a name (WebAuthn §5.1.2), and browsers have them over HTTPS and on localhost only. */
export function canUsePasskeys(): boolean {
  const isAddress = /^(\d+\.){3}\d+$|^\[/.test(location.hostname);
  return !isAddress && window.isSecureContext && typeof window.PublicKeyCredential === 'function';
}
