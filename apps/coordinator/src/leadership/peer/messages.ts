import { z } from 'zod';

/** What a standby says of itself when it comes to the leader. */
const standbySchema = z.object({
  instance: z.string().max(64),
  version: z.string().max(64),
  /** Where other coordinators reach it. */
  address: z.string().max(512),
  /** Where agents reach it. */
  agentAddresses: z.array(z.string().max(512)).max(16),
});
export type Standby = z.infer<typeof standbySchema>;

/** What the leader says to a standby, one JSON a line. `beat` shows that it lives. */
const leaderLineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('beat') }),
  /** The ports of apps that are open on the leader. */
  z.object({ kind: z.literal('ports'), ports: z.array(z.int().min(1).max(65_535)).max(1024) }),
]);
export type LeaderLine = z.infer<typeof leaderLineSchema>;
/** What a newer release says to those of its standbys that are not upgraded yet: whoever does not know it does without. */
const newerLineSchema = z.object({ kind: z.string() }).transform(() => ({ kind: 'newer' as const }));

/** Which process answers. */
const whoamiSchema = z.object({ coordinatorId: z.string(), instance: z.string() });
export type Whoami = z.infer<typeof whoamiSchema>;

/** Paths that only coordinators ask for, inside `/peer`. */
export const ATTEND_PATH = '/peer/attend';
export const WHOAMI_PATH = '/peer/whoami';
/** The port of the app that a request came to; absent for the main port. */
export const APP_PORT_HEADER = 'x-cloudless-app-port';

export const BEAT_MS = 1_000;
/** Silence after which a standby dials the leader anew. */
export const SILENT_MS = 4_000;
export const MAX_LINE_BYTES = 16 * 1024;

function parseWith<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
export const parseLine = (text: string): LeaderLine | z.output<typeof newerLineSchema> | undefined =>
  parseWith(leaderLineSchema, text) ?? parseWith(newerLineSchema, text);
export const parseWhoami = (text: string): Whoami | undefined => parseWith(whoamiSchema, text);
export const parseStandby = (text: string): Standby | undefined => parseWith(standbySchema, text);
