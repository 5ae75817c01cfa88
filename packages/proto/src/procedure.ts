import { z } from 'zod';
import type { Permission } from './access.ts';

/** Cursor paging: pass `nextCursor` back as `cursor`; absent at the end. */
export const pageInput = { limit: z.int().min(1).max(500).default(100), cursor: z.string().max(256).optional() };
/** Rows, and where to read on. */
export const page = <T extends z.ZodType>(row: T) => z.strictObject({ rows: z.array(row), nextCursor: z.string().optional() });
export const none = z.strictObject({});
export const okay = z.strictObject({ ok: z.literal(true) });

/** REST address of a procedure, as in the OpenAPI document; absent for what is for the dashboard only. */
export type RestRoute = { readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; readonly path: `/${string}` };

export type Procedure = {
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** `public`: before sign-in. Every other is decided by `isAllowed` in one middleware. */
  readonly permission: Permission | 'public';
  readonly summary: string;
  readonly rest?: RestRoute;
  readonly input: z.ZodType;
  /** Of a subscription: one element. */
  readonly output: z.ZodType;
};
