import type { Statement } from '@cloudless/db';
import type { OrgId } from '@cloudless/proto';

/** Sets a value that an organisation has one of, whether or not it is there. */
export const putSetting = (orgId: OrgId, name: string, value: string, at: number): Statement => ({
  sql: 'INSERT INTO setting (org_id, name, value, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (org_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at',
  params: [orgId, name, value, at],
});
