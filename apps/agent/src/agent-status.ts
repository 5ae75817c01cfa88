import { z } from 'zod';
import { joinHopSchema, lendingVerdictSchema } from '@cloudless/proto';

/** What the agent says of itself on its own machine: the status page, and `cloudless-agent status`. Ages in ms. */
export const agentStatusSchema = z.strictObject({
  version: z.string(),
  /** Absent before the device joined. */
  device: z.strictObject({ nodeId: z.string(), name: z.string(), clusterId: z.string() }).optional(),
  connection: z.strictObject({
    state: z.enum(['connecting', 'connected', 'waiting']),
    forMs: z.number(),
    /** Of `waiting`: why there is no session. */
    reason: z.string().optional(),
    hop: joinHopSchema.optional(),
    /** Since the coordinator was last heard. */
    lastContactMs: z.number().optional(),
    addresses: z.array(z.string()),
  }),
  engine: z.strictObject({ state: z.string(), message: z.string() }),
  lending: lendingVerdictSchema,
  runs: z.array(z.strictObject({ app: z.string(), replica: z.number(), phase: z.string(), ready: z.boolean(), cause: z.string() })),
});
export type AgentStatus = z.infer<typeof agentStatusSchema>;
