import { runStoreCommand } from './store/run-store-command.ts';

/** `npm run restore -- --from <file> [--passphrase-file <file>] [--data <folder>] [--url <addresses>]`: into what is empty. */
await runStoreCommand({
  name: 'restore',
  options: { from: { type: 'string' }, 'passphrase-file': { type: 'string' } },
  alone: true,
});
