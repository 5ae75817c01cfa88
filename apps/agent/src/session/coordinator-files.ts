import { CloudlessError, type StreamHeader } from '@cloudless/proto';
import { StreamReset, type AgentLink } from '@cloudless/transport';
import type { BuiltInImages } from '../reconcile/prepare-image.ts';

export type CoordinatorFile = Extract<StreamHeader, { kind: 'file' }>['file'];

/** Bytes that the coordinator keeps for its devices, over the link that stands now. */
export interface CoordinatorFiles {
  /** The link of the session that begins. */
  use(link: AgentLink): void;
  /** @throws CloudlessError `coordinator_unreachable` without a link or when it breaks, `image_platform_mismatch` when the file is refused */
  fetch(file: CoordinatorFile, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
}

export function createCoordinatorFiles(): CoordinatorFiles {
  let current: AgentLink | undefined;
  return {
    use(link) {
      current = link;
    },
    async *fetch(file, signal) {
      if (!current || current.signal.aborted)
        throw new CloudlessError(
          'coordinator_unreachable',
          `The ${file.name} could not be fetched: there is no connection to the coordinator now.`,
        );
      try {
        const stream = await current.openStream({ kind: 'file', file }, signal);
        stream.end();
        yield* stream as AsyncIterable<Uint8Array>;
      } catch (cause) {
        signal.throwIfAborted();
        const why = cause instanceof Error ? cause.message : String(cause);
        const isRefused = cause instanceof StreamReset && cause.code === 'refused';
        throw new CloudlessError(
          isRefused ? 'image_platform_mismatch' : 'coordinator_unreachable',
          `The coordinator did not give the ${file.name}${file.name === 'image' ? ` ${file.image}` : ''}: ${why}`,
          { cause },
        );
      }
    },
  };
}

/** Images that the coordinator keeps: those whose names no registry may claim. */
export const imagesOf = (files: CoordinatorFiles, isBuiltIn: (image: string) => boolean): BuiltInImages => ({
  has: isBuiltIn,
  fetch: (image, platform, signal) => files.fetch({ name: 'image', image, platform }, signal),
});
