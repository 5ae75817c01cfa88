import { runStoreCommand } from './store/run-store-command.ts';

/** `npm run backup -- --to <file> [--with-master-key --passphrase-file <file>] [--data <folder>] [--url <addresses>]`, also while Cloudless runs. */
await runStoreCommand({
  name: 'backup',
  options: { to: { type: 'string' }, 'with-master-key': { type: 'boolean' }, 'passphrase-file': { type: 'string' } },
  alone: false,
});
