import { NEWER_WORDS } from '@cloudless/sim/previous-protocol';
import { buildAgent } from '@cloudless/tools/product';

const CONTRACT = /packages\/proto\/src\/link\.ts$/;
const VERSION = /export const LINK_PROTOCOL = (\d+);/;
const MESSAGES = 'export const coordinatorMessageSchema =';

function toPrevious(source: string): string {
  const version = VERSION.exec(source)?.[1];
  if (version === undefined || !source.includes(MESSAGES)) throw new Error('the wire is no longer described as the edits expect');
  return `${source.replace(VERSION, `export const LINK_PROTOCOL = ${Number(version) - 1};`).replace(MESSAGES, 'const knownMessageSchema =')}
const namesNewer = (value: unknown): boolean =>
  typeof value === 'object' && value !== null &&
  Object.entries(value).some(([name, inner]) => ${JSON.stringify(NEWER_WORDS)}.includes(name) || namesNewer(inner));
export const coordinatorMessageSchema = z
  .unknown()
  .refine((message) => !namesNewer(message), 'a word of a later protocol')
  .pipe(knownMessageSchema);
`;
}

/**
 * An agent that speaks the protocol before this release's: it says so, and understands nothing that came later. The rest of it is of today.
 *
 * @returns the file
 */
export const buildPreviousAgent = (file: string): Promise<string> =>
  buildAgent(file, { edit: (path, source) => (CONTRACT.test(path) ? toPrevious(source) : source) });
