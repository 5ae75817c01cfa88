/** Cookies of Cloudless itself. Cookies ignore ports, so an app on the same host would get them, and could set them. */
const OURS = /^(?:__Host-|__Secure-)?cloudless[.\-_]/i;

const nameOf = (pair: string): string => pair.slice(0, pair.includes('=') ? pair.indexOf('=') : undefined).trim();

/** A `Cookie` header without Cloudless' own; `undefined` when nothing is left. */
export function withoutOurCookies(header: string | undefined): string | undefined {
  const kept = (header ?? '').split(';').filter((pair) => pair.trim() !== '' && !OURS.test(nameOf(pair)));
  return kept.length === 0 ? undefined : kept.map((pair) => pair.trim()).join('; ');
}

/** `Set-Cookie` headers of an app without those that would set Cloudless' own. */
export const withoutOurSetCookies = (headers: readonly string[]): string[] =>
  headers.filter((header) => !OURS.test(nameOf(header.split(';')[0] ?? '')));
