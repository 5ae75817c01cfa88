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

const quoted = (text: string): string => (/^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

export type StoreCommands = { readonly move: string; readonly start: string };

export type FitStore = {
  /** As it was typed. */
  readonly url: string;
  readonly nodes: ProcedureOutput<'cluster.checkStore'>['nodes'];
  readonly username: string;
  /** Of the cluster that moves, as far as it was told. */
  readonly dataFolder: string | undefined;
};

/** What moves to a store that was found fit, and what starts on it: with all of its nodes, so that any of them may be away. */
export function writeStoreCommands({ url, nodes, username, dataFolder }: FitStore): StoreCommands {
  const others = nodes.filter(({ reachable, address }) => reachable && URL.canParse(address)).map(({ address }) => new URL(address).origin);
  const urls = [...new Set([url, ...others])].join(',');
  const user = username === '' ? '' : `CLOUDLESS_STORE_USER=${quoted(username)} CLOUDLESS_STORE_PASSWORD_FILE=$PWD/password.txt `;
  const data = dataFolder === undefined ? [] : [`--data ${quoted(dataFolder)}`];
  return {
    move: [`${user}npm run move-to-rqlite --`, ...data, `--url ${urls}`].join(' '),
    start: [`${user}CLOUDLESS_STORE_URL=${urls} npm start`, ...data.map((flag) => `-- ${flag}`)].join(' '),
  };
}
