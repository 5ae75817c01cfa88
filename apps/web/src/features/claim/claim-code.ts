/** The one-time code of a claim link. `npm start` puts it into the fragment, which no server or log sees. */
export function readClaimCode(search: string, hash: string): string | undefined {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('code') ?? new URLSearchParams(search).get('code');
  return code === null || code.trim() === '' ? undefined : code.trim().slice(0, 64);
}
