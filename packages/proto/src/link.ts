import { z } from 'zod';
import { allocationObservedSchema, assignmentSchema } from './allocation.ts';
import { allocationIdSchema, clusterIdSchema, nodeIdSchema } from './ids.ts';
import { candidateSchema, joinHopSchema } from './join.ts';
import { lendingRuleSchema } from './lending.ts';
import { fingerprintSchema, usageSchema } from './node.ts';
import { instantSchema, revisionSchema } from './time.ts';

/**
 * Version of the wire; the coordinator also serves the one before, and sends it nothing that it does not know. 2 added pairing, lending
 * rules, addresses, updates and the drained leave. 3 added leases, `spec.disconnect`, `spec.exclusive`, `storageBytes` of specs and
 * lending rules, and why a device leaves.
 */
export const LINK_PROTOCOL = 3;
/** Longest control message in bytes. */
export const MAX_CONTROL_BYTES = 4 * 2 ** 20;
/** Longest control message before a certificate was shown. */
export const MAX_HANDSHAKE_BYTES = 16 * 2 ** 10;

/** Who speaks for the cluster: agents persist the highest and refuse lower. */
const authority = {
  clusterId: clusterIdSchema,
  /** Raised by a restore from backup. */
  epoch: z.int().min(0),
  /** Fencing token of the leader, raised by each takeover. */
  token: z.int().min(0),
};

export const allocationReportSchema = z.strictObject({ allocationId: allocationIdSchema, observed: allocationObservedSchema });
export type AllocationReport = z.infer<typeof allocationReportSchema>;

/** From an agent that has no valid certificate: the only two kinds served then. */
export const handshakeRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('join'),
    protocol: z.int(),
    /** `<id>.<secret>` of the join token. */
    token: z.string().max(256),
    /** PKCS #10 in PEM, signed by the device's own key. */
    csr: z.string().max(8192),
    name: z.string().max(63),
    /** Since protocol 2. */
    candidate: candidateSchema.optional(),
  }),
  /**
   * A device without a token: it commits itself to its key before it hears the coordinator's nonce, so that nobody between the two can
   * choose what both screens will show. With `code`: for the offer that has it. Without: a person comes to approve it.
   */
  z.strictObject({
    kind: z.literal('pair'),
    protocol: z.int(),
    /** SHA-256 of the nonce and the CSR (`commitTo` of `identity`), base64url. */
    commitment: z.string().length(43),
    code: z.string().max(32).optional(),
    name: z.string().max(63),
    candidate: candidateSchema,
  }),
  z.strictObject({ kind: z.literal('renew'), protocol: z.int(), nodeId: nodeIdSchema, csr: z.string().max(8192) }),
]);
export type HandshakeRequest = z.infer<typeof handshakeRequestSchema>;

/** Opens what `pair` committed to. */
export const pairRevealSchema = z.strictObject({
  kind: z.literal('reveal'),
  /** 32 bytes, base64url. */
  nonce: z.string().length(43),
  csr: z.string().max(8192),
});
export type PairReveal = z.infer<typeof pairRevealSchema>;

const refusal = z.strictObject({
  kind: z.literal('refused'),
  code: z.string().max(64),
  message: z.string().max(2000),
  retry: z.boolean(),
  /** Of a join: which hop. */
  hop: joinHopSchema.optional(),
});
/** The coordinator's addresses, the best first: `host:port` or a URL. */
const addressesSchema = z.array(z.string().max(255)).max(16);
export const handshakeResponseSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('issued'),
    nodeId: nodeIdSchema,
    clusterId: clusterIdSchema,
    /** The X.509-SVID and then its issuers, PEM. */
    certificate: z.string(),
    /** Trust bundle of the cluster's device CA, PEM. */
    bundle: z.string(),
    serverAt: instantSchema,
    addresses: addressesSchema.optional(),
  }),
  /** The coordinator's half of a pairing; answered by `reveal`. */
  z.strictObject({
    kind: z.literal('paired'),
    nonce: z.string().length(43),
    /** What the device shows for a person to open or type: of a pairing without an offer. */
    request: z.strictObject({ code: z.string().max(32), url: z.string().max(1000) }).optional(),
    expiresAt: instantSchema,
    serverAt: instantSchema,
  }),
  /** A person has to approve; `issued` or `refused` follows on the same connection, at the latest then. */
  z.strictObject({ kind: z.literal('waiting'), expiresAt: instantSchema, serverAt: instantSchema }),
  refusal,
]);
export type HandshakeResponse = z.infer<typeof handshakeResponseSchema>;

export const agentMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('hello'),
    protocol: z.int(),
    agentVersion: z.string().max(64),
    nodeId: nodeIdSchema,
    clusterId: clusterIdSchema,
    /** Highest authority seen. */
    epoch: z.int().min(0),
    token: z.int().min(0),
    fingerprint: fingerprintSchema,
    /** Full state: every allocation the agent holds. */
    allocations: z.array(allocationReportSchema).max(10_000),
  }),
  z.strictObject({
    kind: z.literal('heartbeat'),
    sequence: z.int().min(0),
    usage: usageSchema.optional(),
    /** Use by allocation. */
    allocations: z.array(z.strictObject({ allocationId: allocationIdSchema, usage: usageSchema })).max(10_000),
    /** Exclusive allocations for which it asks a lease. Since protocol 3. */
    leases: z.array(allocationIdSchema).max(10_000).optional(),
  }),
  z.strictObject({ kind: z.literal('report'), reports: z.array(allocationReportSchema).min(1).max(1000) }),
  z.strictObject({ kind: z.literal('fingerprint'), fingerprint: fingerprintSchema }),
  /** A gap was seen: the coordinator answers with COMPLETE. */
  z.strictObject({ kind: z.literal('resync'), reason: z.string().max(500) }),
  z.strictObject({
    kind: z.literal('leave'),
    reason: z.string().max(500),
    /** `sleep`: it goes to sleep, `shutdown`: its machine is shut down; both come back. Since protocol 3; absent, it says goodbye. */
    why: z.enum(['sleep', 'shutdown']).optional(),
    /** Exclusive allocations that ended there, and that no agent of the device starts without a new lease. */
    released: z.array(allocationIdSchema).max(10_000).optional(),
  }),
  z.strictObject({ kind: z.literal('renew'), csr: z.string().max(8192) }),
  /** The owner takes the device out of the cluster: its replicas are to be moved first. Answered by `departed`. */
  z.strictObject({ kind: z.literal('depart'), reason: z.string().max(500) }),
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

export const assignmentChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('put'), assignment: assignmentSchema }),
  z.strictObject({ kind: z.literal('remove'), allocationId: allocationIdSchema }),
]);
export type AssignmentChange = z.infer<typeof assignmentChangeSchema>;

export const coordinatorMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('welcome'),
    protocol: z.int(),
    ...authority,
    serverAt: instantSchema,
    heartbeatMs: z.int().min(50).max(60_000),
    coordinatorVersion: z.string().max(64),
  }),
  z.strictObject({
    kind: z.literal('complete'),
    ...authority,
    revision: revisionSchema,
    assignments: z.array(assignmentSchema).max(10_000),
  }),
  z.strictObject({
    kind: z.literal('incremental'),
    ...authority,
    appliesTo: revisionSchema,
    resultsIn: revisionSchema,
    changes: z.array(assignmentChangeSchema).max(10_000),
  }),
  z.strictObject({
    kind: z.literal('heartbeatAck'),
    sequence: z.int().min(0),
    /** Granted: each may run for so long from when the heartbeat was *sent*, by the device's own boot time. Never a wall time. */
    leases: z
      .array(z.strictObject({ allocationId: allocationIdSchema, leaseMs: z.int().min(0) }))
      .max(10_000)
      .optional(),
  }),
  z.strictObject({ kind: z.literal('issued'), certificate: z.string(), bundle: z.string() }),
  /** The owner's rule, with every welcome and at each change. */
  z.strictObject({ kind: z.literal('lending'), ...authority, rule: lendingRuleSchema }),
  z.strictObject({ kind: z.literal('addresses'), addresses: addressesSchema }),
  /** A newer agent is ready to be fetched by a `file` stream. */
  z.strictObject({
    kind: z.literal('update'),
    ...authority,
    version: z.string().max(64),
    sha256: z.string().length(64),
    bytes: z.int().min(1),
  }),
  /** Nothing of the cluster runs on the device any more and its certificate is revoked. */
  z.strictObject({ kind: z.literal('departed'), ...authority }),
  refusal,
]);
export type CoordinatorMessage = z.infer<typeof coordinatorMessageSchema>;

/** First bytes of a multiplexed stream: what it carries. `file` is opened by the agent, the others by the coordinator. */
export const streamHeaderSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('logs'),
    allocationId: allocationIdSchema,
    /** Only lines after this cursor; from the oldest kept when absent. */
    after: z.string().max(64).optional(),
    /** At most this many of the newest lines before following. */
    tail: z.int().min(0).max(10_000).optional(),
    follow: z.boolean(),
  }),
  /** Raw bytes to and from a TCP port of the allocation. */
  z.strictObject({ kind: z.literal('forward'), allocationId: allocationIdSchema, portName: z.string().max(63) }),
  /** Bytes that the coordinator keeps for its devices: the agent's own file, or an image that comes from no registry. */
  z.strictObject({
    kind: z.literal('file'),
    file: z.discriminatedUnion('name', [
      z.strictObject({ name: z.literal('agent'), sha256: z.string().length(64) }),
      z.strictObject({ name: z.literal('image'), image: z.string().max(255), platform: z.string().max(32) }),
    ]),
  }),
]);
export type StreamHeader = z.infer<typeof streamHeaderSchema>;

/** One line of a `logs` stream, as newline-delimited JSON. */
export const logLineSchema = z.strictObject({
  allocationId: allocationIdSchema,
  /** Opaque, ordered within an allocation: resume with `after`. */
  cursor: z.string().max(64),
  at: instantSchema,
  stream: z.enum(['stdout', 'stderr']),
  text: z.string().max(65_536),
});
export type LogLine = z.infer<typeof logLineSchema>;
