import { runOnEngine } from './programs/on-engine.ts';

/** `npm run bench [-- <arguments>]`: measures, and writes the tables. */
await runOnEngine('bench/src/main.ts', [process.execPath, 'bench/src/main.ts', ...process.argv.slice(2)]);
