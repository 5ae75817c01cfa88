// What each command says of itself. Plain JavaScript: `bootstrap.mjs` prints it before anything is installed.

/** One line a flag, what they mean below each other. */
function list(flags) {
  const width = Math.max(...Object.keys(flags).map((flag) => flag.length));
  return Object.entries(flags)
    .map(([flag, meaning]) => `  ${flag.padEnd(width)}  ${meaning}`)
    .join('\n');
}

const data = { '--data <folder>': "where everything is kept (CLOUDLESS_DATA; default: the system's application-data folder)" };
const store = { '--url <addresses>': 'an rqlite cluster instead of the database in the data folder, such as http://10.0.0.5:4001' };

export const HELP = {
  start: `npm start -- [flags]

From a fresh checkout to a running Cloudless. Ctrl-C stops the control plane; your apps keep running.

${list({
  ...data,
  '--port <1-65535>': 'the one port (CLOUDLESS_PORT; default 7600)',
  '--host <address>': 'where to listen (CLOUDLESS_HOST; default 127.0.0.1, 0.0.0.0 for the network)',
  '--public-url <url>': 'the address people use when a proxy or tunnel stands before it (CLOUDLESS_PUBLIC_URL)',
  '--agent-url <url>': 'the address devices use when it is another one, also below a path (CLOUDLESS_AGENT_URL)',
  '--tls-cert <file>': 'certificate chain, PEM (CLOUDLESS_TLS_CERT)',
  '--tls-key <file>': 'its key, PEM (CLOUDLESS_TLS_KEY)',
  '--service': 'keep it running: from the start of this machine, by systemd or launchd',
  '--no-agent': 'do not make this machine a device',
  '--yes': 'agree to what would be asked, such as installing Docker (also when CI is set)',
  '--log-level <level>': 'debug, info, warn, error (CLOUDLESS_LOG_LEVEL; default info)',
})}`,

  cluster: `npm run cluster -- [flags]

Three coordinators that share three nodes of rqlite, and one dashboard, all on this machine. Needs rqlited on PATH, or RQLITED
naming it. Ctrl-C stops them: coordinators first, then the store.

${list({
  '--data <folder>': "where everything is kept (default: cluster in the system's application-data folder)",
  '--port <1-65535>': 'of the first coordinator (default 7600)',
  '--store-port <1-65535>': 'of the first store node (default 4001)',
})}`,

  backup: `npm run backup -- --to <file> [flags]

Writes a copy of the whole cluster, also while it runs, and reads it back.

${list({
  '--to <file>': 'the new file',
  '--with-master-key': 'with the master key in it, sealed by the passphrase',
  '--passphrase-file <file>': 'what seals the master key: at least 12 characters',
  ...data,
  ...store,
})}`,

  restore: `npm run restore -- --from <file> [flags]

Brings a cluster back from a backup, into a data folder or a store that is empty. Stop Cloudless there first; apps go on.

${list({
  '--from <file>': 'the backup',
  '--passphrase-file <file>': 'what sealed the master key, of a backup that carries it',
  ...data,
  ...store,
})}`,

  'move-to-rqlite': `npm run move-to-rqlite -- --url <addresses> [flags]

Copies the cluster of a data folder into an empty rqlite cluster, compares every table, and marks the old database as moved.
Stop Cloudless first; apps go on.

${list({
  '--url <addresses>': 'of the rqlite cluster, such as http://10.0.0.5:4001',
  '--undo': 'takes the move back, until a coordinator has started on rqlite',
  ...data,
})}`,

  'recover-owner': `npm run recover-owner -- [flags]

A one-time code for an owner who lost the password. Who can read the data folder, or write to the store, may have it.

${list({ ...data, ...store })}`,

  uninstall: `npm run uninstall -- [flags]

Lists what it would remove, asks, and removes it. Your data stays.

${list({ '--purge': 'remove your data as well', '--yes': 'do not ask', ...data })}`,

  build: `npm run build

The dashboard and the agent, as npm start makes them; for images that start elsewhere.`,

  check: `npm run check -- [step …]

What can be known without running the product: format, lint, types, boundaries, dead code, tidy. Without a step: all.`,

  unit: `npm run unit -- [vitest arguments]

Every test beside the code; --project scheduler for one package's.`,

  sim: `npm run sim -- [arguments]

Without arguments the simulator's tests; with arguments the simulator itself: docs/simulation.md.`,

  e2e: `npm run e2e -- [Playwright arguments]

Journeys in Chromium with real containers; part of a file's name for that file alone.`,

  chaos: `npm run chaos -- [flags] [Playwright arguments]

Real processes that are killed, stopped and cut off: docs/faults.md. With a flag, faults are drawn.

${list({ '--minutes <n>': 'for how long', '--seed <n>': 'draws the same faults again' })}`,

  test: `npm test

Every check and every test, with a real engine and browser. As root on Debian it installs them, elsewhere it says what to install.`,

  bench: `npm run bench -- [benchmark …] [flags]

Measures, and writes docs/benchmarks.md. With a flag it only prints.

${list({
  '--devices <n>': 'how many, of b2, b4, b5, b6 and returning',
  '--outage-s <n>': 'for how long they are away, of returning',
  '--samples <n>': 'how often, of b3 and b7',
})}`,

  gallery: `npm run gallery -- [Playwright arguments]

Every page in every state, width and theme, as pictures on a contact sheet: e2e/gallery-results/index.html.`,

  format: `npm run format -- [path …]

Writes every file, or those named, in the house format.`,

  docs: `npm run docs

Writes the pages of docs/ that are made from code.`,
};
