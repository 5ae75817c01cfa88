/** Where to go after sign-in: a path of this dashboard only, so that nobody can be sent elsewhere by a link. */
export function readNextPath(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])[^\\]*$/.test(next) && !/^\/(sign-in|claim|recover)\b/.test(next) ? next : '/';
}

/**
 * The sign-in page that comes back to a path.
 * @param fragment with its `#`: a secret such as the code of a device, which goes round by the fragment and so to no server
 */
export const signInPath = (from: string, fragment = ''): string =>
  `${from === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(from)}`}${fragment}`;
