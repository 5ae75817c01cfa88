import { z } from 'zod';
import { joinTokenIdSchema, nodeIdSchema } from './ids.ts';
import { joinOfferSchema, joinSchema } from './join.ts';
import { lendingRuleSchema } from './lending.ts';
import { nodeNameSchema, nodeSchema, usageSchema } from './node.ts';
import { none, okay, page, pageInput, type Procedure } from './procedure.ts';
import { durationMsSchema } from './time.ts';
import { labelsSchema } from './workload.ts';

const MAX_DRAIN_MS = 30 * 86_400_000;

/** Devices: those that are in, and those that come. */
export const NODE_API = {
  'node.list': {
    kind: 'query',
    permission: 'node.read',
    summary: 'Devices',
    rest: { method: 'GET', path: '/nodes' },
    input: z.strictObject(pageInput),
    output: page(nodeSchema),
  },
  'node.get': {
    kind: 'query',
    permission: 'node.read',
    summary: 'One device',
    rest: { method: 'GET', path: '/nodes/{nodeId}' },
    input: z.strictObject({ nodeId: nodeIdSchema }),
    output: nodeSchema,
  },
  'node.usage': {
    kind: 'query',
    permission: 'node.read',
    summary: 'Use of a device in the last 15 minutes',
    rest: { method: 'GET', path: '/nodes/{nodeId}/usage' },
    input: z.strictObject({ nodeId: nodeIdSchema }),
    output: z.strictObject({ samples: z.array(usageSchema) }),
  },
  'node.update': {
    kind: 'mutation',
    permission: 'node.update',
    summary: 'Rename, label, cordon or uncordon a device',
    rest: { method: 'PATCH', path: '/nodes/{nodeId}' },
    input: z.strictObject({
      nodeId: nodeIdSchema,
      name: nodeNameSchema.optional(),
      labels: labelsSchema.optional(),
      schedulable: z.boolean().optional(),
    }),
    output: nodeSchema,
  },
  'node.setLending': {
    kind: 'mutation',
    permission: 'node.update',
    summary: 'What its owner lends of a device, and when; replaces the rule',
    rest: { method: 'PUT', path: '/nodes/{nodeId}/lending' },
    input: z.strictObject({ nodeId: nodeIdSchema, lending: lendingRuleSchema.omit({ pausedAt: true }) }),
    output: nodeSchema,
  },
  'node.pause': {
    kind: 'mutation',
    permission: 'node.update',
    summary: 'Take a device back: what runs there is stopped with grace and moved; or lend it again',
    rest: { method: 'POST', path: '/nodes/{nodeId}/pause' },
    input: z.strictObject({ nodeId: nodeIdSchema, paused: z.boolean() }),
    output: nodeSchema,
  },
  'node.drain': {
    kind: 'mutation',
    permission: 'node.update',
    summary: 'Move what runs on a device elsewhere, each replica before it is stopped; or stop draining',
    rest: { method: 'POST', path: '/nodes/{nodeId}/drain' },
    input: z.strictObject({
      nodeId: nodeIdSchema,
      draining: z.boolean(),
      /** Counted from now: what is still there then is stopped, whether it could be moved or not. Without it a drain waits for as long as it takes. */
      deadlineMs: durationMsSchema.max(MAX_DRAIN_MS, 'is longer than 30 days').optional(),
    }),
    output: nodeSchema,
  },
  'node.createJoinToken': {
    kind: 'mutation',
    permission: 'node.enrol',
    summary: 'An offer for one device to join: token, code, command and address of a QR; shown once',
    rest: { method: 'POST', path: '/join-tokens' },
    input: z.strictObject({
      /** What the device will be called; its own proposal when absent. */
      name: nodeNameSchema.optional(),
      labels: labelsSchema.default({}),
      lending: lendingRuleSchema.omit({ pausedAt: true }).default({}),
      /** A person has to approve the device that comes. */
      approval: z.boolean().default(false),
    }),
    output: joinOfferSchema,
  },
  'node.listJoins': {
    kind: 'query',
    permission: 'node.enrol',
    summary: 'Offers that stand, and devices that wait for approval',
    rest: { method: 'GET', path: '/joins' },
    input: none,
    output: z.strictObject({ rows: z.array(joinSchema) }),
  },
  'node.openJoinRequest': {
    kind: 'mutation',
    permission: 'node.enrol',
    summary: 'The device that shows this code; then compare the four words and approve it',
    rest: { method: 'POST', path: '/joins/open' },
    input: z.strictObject({ code: z.string().min(1).max(32) }),
    output: joinSchema,
  },
  'node.approveJoin': {
    kind: 'mutation',
    permission: 'node.enrol',
    summary: 'Let the device in that waits: its words are those on its own screen',
    rest: { method: 'POST', path: '/joins/{id}/approve' },
    input: z.strictObject({
      id: joinTokenIdSchema,
      name: nodeNameSchema.optional(),
      labels: labelsSchema.optional(),
      lending: lendingRuleSchema.omit({ pausedAt: true }).optional(),
    }),
    output: joinSchema,
  },
  'node.denyJoin': {
    kind: 'mutation',
    permission: 'node.enrol',
    summary: 'Refuse the device that waits',
    rest: { method: 'POST', path: '/joins/{id}/deny' },
    input: z.strictObject({
      id: joinTokenIdSchema,
      /** The words differed: somebody stands between the device and this coordinator. */
      wordsDiffer: z.boolean().default(false),
    }),
    output: joinSchema,
  },
  'node.cancelJoin': {
    kind: 'mutation',
    permission: 'node.enrol',
    summary: 'Withdraw an offer: its token and code are refused at once',
    rest: { method: 'DELETE', path: '/joins/{id}' },
    input: z.strictObject({ id: joinTokenIdSchema }),
    output: okay,
  },
  'node.remove': {
    kind: 'mutation',
    permission: 'node.remove',
    summary: 'Revoke a device: its certificate is refused at once',
    rest: { method: 'DELETE', path: '/nodes/{nodeId}' },
    input: z.strictObject({ nodeId: nodeIdSchema }),
    output: okay,
  },
} as const satisfies Record<string, Procedure>;
