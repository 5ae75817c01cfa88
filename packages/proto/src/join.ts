import { z } from 'zod';
import { joinTokenIdSchema, nodeIdSchema } from './ids.ts';
import { nodeNameSchema } from './node.ts';
import { instantSchema } from './time.ts';

/** How long an offer to join stands, in ms. */
export const JOIN_TTL_MS = 15 * 60_000;

/** Where on the way from the device to the cluster something failed; the same words on both sides. */
export const JOIN_HOPS = [
  'dns',
  'tcp',
  'proxy',
  'portal',
  'tls',
  'http',
  'pin',
  'token',
  'words',
  'version',
  'clock',
  'engine',
  'store',
] as const;
export const joinHopSchema = z.enum(JOIN_HOPS);
export type JoinHop = z.infer<typeof joinHopSchema>;

/** Why the coordinator refused a device that wanted to join. */
export const JOIN_REFUSALS = [
  'malformed',
  'unknown',
  'wrong_secret',
  'wrong_code',
  'used',
  'cancelled',
  'expired',
  'over',
  'raced',
  'denied',
  'words_differ',
  'pairing',
  'commitment',
  'bad_request',
  'too_many',
] as const;
export const joinRefusalSchema = z.enum(JOIN_REFUSALS);
export type JoinRefusalCode = z.infer<typeof joinRefusalSchema>;

/** What a device says of itself before anybody trusts it. */
export const candidateSchema = z.strictObject({
  hostname: z.string().max(255),
  os: z.string().max(128),
  arch: z.string().max(32),
});
export type Candidate = z.infer<typeof candidateSchema>;

/**
 * How far a join has come. `installer`, `agent` and `node`: the device fetched that file. `connected`: its agent reached the
 * coordinator. `joined`: it has a certificate. `online`: its session stands.
 */
export const JOIN_STEPS = ['installer', 'agent', 'node', 'connected', 'joined', 'online'] as const;
export const joinStepSchema = z.enum(JOIN_STEPS);
export type JoinStep = z.infer<typeof joinStepSchema>;

/** An offer to join, or a device that asks to: what the dialog lives by. Memory of the leader; only the offer's hashes are stored. */
export const joinSchema = z.strictObject({
  id: joinTokenIdSchema,
  /** `offer`: made by a person, waits for a device. `request`: a device showed its code and waits for a person. */
  origin: z.enum(['offer', 'request']),
  state: z.enum(['waiting', 'approval', 'joined', 'expired', 'cancelled', 'refused']),
  /** Name that it gets; its own proposal when absent. */
  name: nodeNameSchema.optional(),
  createdAt: instantSchema,
  expiresAt: instantSchema,
  steps: z.array(z.strictObject({ step: joinStepSchema, at: instantSchema, remoteAddress: z.string().max(64).optional() })).max(16),
  /** The newest last. */
  failures: z
    .array(
      z.strictObject({
        hop: joinHopSchema,
        /** Absent when the device itself told of it. */
        code: joinRefusalSchema.optional(),
        at: instantSchema,
        message: z.string().max(2000),
        remoteAddress: z.string().max(64).optional(),
      }),
    )
    .max(16),
  /** The device that waits for an approval. `words` are on its screen too; absent when its token pinned the cluster. */
  candidate: candidateSchema
    .extend({ remoteAddress: z.string().max(64).optional(), words: z.array(z.string()).length(4).optional() })
    .optional(),
  nodeId: nodeIdSchema.optional(),
});
export type Join = z.infer<typeof joinSchema>;

/** From where devices reach this coordinator, as far as it was checked. */
export const reachSchema = z.strictObject({
  /** `machine`: it listens on loopback only. `network`: in the same network. `anywhere`: a public URL passed its check. */
  kind: z.enum(['machine', 'network', 'anywhere']),
  /** `host:port` or a URL, the best first. */
  addresses: z.array(z.string().max(255)).max(16),
  publicUrl: z
    .strictObject({
      url: z.string(),
      state: z.enum(['checking', 'passed', 'failed']),
      message: z.string().max(2000),
      checkedAt: instantSchema.optional(),
    })
    .optional(),
  /** To run on this machine when its firewall may stand in the way. */
  firewallCommand: z.string().max(500).optional(),
});
export type Reach = z.infer<typeof reachSchema>;

/** Everything that lets one device in; shown once, never stored. */
export const joinOfferSchema = z.strictObject({
  join: joinSchema,
  /** `cl1.…` */
  token: z.string(),
  /** `ABCD-EFGH`: for typing on the device, where both screens then show four words. */
  code: z.string(),
  /** One line for a shell of Linux or macOS; it pins this coordinator. */
  command: z.string(),
  /** One line for a machine that has the agent: types the code. */
  codeCommand: z.string(),
  /** For the QR: opens the dashboard's page for the device, the secret in its fragment. */
  url: z.string(),
  reach: reachSchema,
});
export type JoinOffer = z.infer<typeof joinOfferSchema>;
