import { runOnEngine } from './programs/on-engine.ts';

/** `npm run gallery`: every page in every state, width and theme, as pictures on a contact sheet. */
await runOnEngine('e2e/gallery.config.ts', ['playwright', 'test', '--config', 'e2e/gallery.config.ts', ...process.argv.slice(2)]);
