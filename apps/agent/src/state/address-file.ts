import { join } from 'node:path';
import { z } from 'zod';
import { readDurably, writeDurably } from './durable-file.ts';

const addressesSchema = z.array(z.string().max(255)).max(16);

/** The coordinator's addresses as it last told them, in a file of their own: they change without anything else. */
export function createAddressFile(folder: string) {
  const path = join(folder, 'addresses.json');
  return {
    async load(): Promise<readonly string[]> {
      const file = await readDurably(path);
      const parsed = file.kind === 'read' ? addressesSchema.safeParse(JSON.parse(file.body)) : undefined;
      return parsed?.success ? parsed.data : [];
    },
    save: (addresses: readonly string[]): Promise<void> => writeDurably(path, JSON.stringify(addresses)),
  };
}
