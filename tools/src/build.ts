import { buildAgent } from './agent-bundle/build-agent.ts';
import { buildStale } from './start/build-web.ts';
import { runCommand } from './start/refusal.ts';

/** `npm run build`: what `npm start` makes before it starts anything, for images that start elsewhere. */
await runCommand(async () => {
  await Promise.all([buildStale((line) => console.log(line)), buildAgent()]);
  return 0;
});
