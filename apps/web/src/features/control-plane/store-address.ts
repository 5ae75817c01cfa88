import type { ProcedureOutput } from '@cloudless/proto';

/** The address of a store as it was typed, with `http://` where nothing else was said; `undefined` when it is none. */
export function readStoreAddress(text: string): string | undefined {
  const trimmed = text.trim();
  // Browsers read a blank in a name as %20.
  if (/\s/.test(trimmed)) return undefined;
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  return url.origin;
}

const quoted = (text: string): string => (/^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

export type StoreCommands = { readonly move: string; readonly start: string };

/** What moves to a store that was found fit, and what starts on it: with all of its nodes, so that any of them may be away. */
export function writeStoreCommands(
  url: string,
  { nodes }: Pick<ProcedureOutput<'cluster.checkStore'>, 'nodes'>,
  username: string,
): StoreCommands {
  const others = nodes.filter(({ reachable, address }) => reachable && URL.canParse(address)).map(({ address }) => new URL(address).origin);
  const urls = [...new Set([url, ...others])].join(',');
  const user = username === '' ? '' : `CLOUDLESS_STORE_USER=${quoted(username)} CLOUDLESS_STORE_PASSWORD_FILE=$PWD/password.txt `;
  return { move: `${user}npm run move-to-rqlite -- --url ${urls}`, start: `${user}CLOUDLESS_STORE_URL=${urls} npm start` };
}
