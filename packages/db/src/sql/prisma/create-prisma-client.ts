import { PrismaClient } from '../../generated/client.ts';
import { createGuardedWriter, type GuardedWriterOptions } from '../guarded-writer.ts';
import { createPrismaAdapter } from './prisma-adapter.ts';

/**
 * Prisma for people's tables and ad-hoc reads. `$transaction`, nested writes and `include` on a write throw, with the rule.
 * Pass it to better-auth as `prismaAdapter(client, { provider: 'sqlite', transaction: false })`.
 */
export function createPrismaClient(options: GuardedWriterOptions): PrismaClient {
  return new PrismaClient({ adapter: createPrismaAdapter({ driver: options.driver, writer: createGuardedWriter(options) }) });
}
