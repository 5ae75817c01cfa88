/** Who may do what: the one table that the authorisation middleware reads. */

export const ROLES = ['owner', 'admin', 'member', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export const TOKEN_SCOPES = ['read', 'write'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

export const ACCESS = {
  cluster: { read: ['owner', 'admin', 'member', 'viewer'], update: ['owner'] },
  node: { read: ['owner', 'admin', 'member', 'viewer'], update: ['owner', 'admin'], enrol: ['owner', 'admin'], remove: ['owner', 'admin'] },
  workload: {
    read: ['owner', 'admin', 'member', 'viewer'],
    create: ['owner', 'admin', 'member'],
    update: ['owner', 'admin', 'member'],
    delete: ['owner', 'admin', 'member'],
  },
  log: { read: ['owner', 'admin', 'member'] },
  event: { read: ['owner', 'admin', 'member', 'viewer'] },
  token: { read: ['owner', 'admin', 'member'], create: ['owner', 'admin', 'member'], revoke: ['owner', 'admin', 'member'] },
  account: { read: ['owner', 'admin', 'member', 'viewer'], update: ['owner', 'admin', 'member', 'viewer'] },
} as const satisfies Record<string, Record<string, readonly Role[]>>;

export type Resource = keyof typeof ACCESS;
export type Action<R extends Resource> = keyof (typeof ACCESS)[R] & string;
export type Permission = { readonly [R in Resource]: `${R}.${Action<R>}` }[Resource];

/** A token of scope `read` may do these actions only; no token may touch accounts or tokens. */
const READ_ACTIONS: ReadonlySet<string> = new Set(['read']);
const TOKENLESS_RESOURCES: ReadonlySet<string> = new Set(['account', 'token']);

/** Decides by role, and by scope when the caller is a token. Organisation is checked apart, on the row itself. */
export function isAllowed(permission: Permission, role: Role, scope?: TokenScope): boolean {
  const [resource, action] = permission.split('.') as [string, string];
  const roles: readonly Role[] = (ACCESS as Record<string, Record<string, readonly Role[]>>)[resource]?.[action] ?? [];
  if (!roles.includes(role)) return false;
  if (scope === undefined) return true;
  if (TOKENLESS_RESOURCES.has(resource)) return false;
  return scope === 'write' || READ_ACTIONS.has(action);
}
