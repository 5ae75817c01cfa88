import { runOnEngine } from './programs/on-engine.ts';

/** `npm run e2e [-- <playwright arguments>]`: the journeys, in Chromium, with real containers. */
await runOnEngine('e2e/playwright.config.ts', ['playwright', 'test', '--config', 'e2e/playwright.config.ts', ...process.argv.slice(2)]);
