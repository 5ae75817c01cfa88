import { runStoreCommand } from './store/run-store-command.ts';

/** `npm run move-to-rqlite -- --url <addresses> [--undo] [--data <folder>]`: from the data folder into an empty rqlite cluster. */
await runStoreCommand({ name: 'move', options: { undo: { type: 'boolean' } }, alone: true });
