/** Where to go after sign-in: a path of this dashboard only, so that nobody can be sent elsewhere by a link. */
export function readNextPath(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])[^\\]*$/.test(next) && !/^\/(sign-in|claim|recover)\b/.test(next) ? next : '/';
}

/** The sign-in page that comes back to a path. */
export const signInPath = (from: string): string => (from === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(from)}`);
