import { z } from 'zod';

/** Wall time in ms since the epoch, as an integer. For people and records; order is by revision. */
export const instantSchema = z.int().min(0);
/** A duration in ms. */
export const durationMsSchema = z.int().min(0);
/** Counts committed batches of one store; grows by one with each, never reused within an epoch. */
export const revisionSchema = z.int().min(0);

/** Names and quantities that a sentence needs. */
export const paramsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

/** Why something is as it is: a stable code for programs and catalogues, with parameters for its text. */
export const causeSchema = z.strictObject({
  code: z.string().max(64),
  /** English sentence for logs and API users; the dashboard translates by `code` and `params`. */
  message: z.string().max(2000),
  params: paramsSchema.optional(),
});
export type Cause = z.infer<typeof causeSchema>;
