export { createPrismaClient } from './create-prisma-client.ts';
export { findWrapped } from './prisma-errors.ts';
export { createPrismaAdapter, type PrismaAdapterOptions } from './prisma-adapter.ts';
export type { PrismaClient } from '../../generated/client.ts';
