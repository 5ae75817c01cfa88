import type { AllocationId } from '@cloudless/proto';

/** Of a formatted place, in characters; the contract's limit of `lastEventId`. */
const MAX_CHARACTERS = 8192;
const PREFIX = 'alloc_';

/** How far the lines of each replica were told: what a stream of several resumes from. */
export interface LogPlaces {
  /** Whether the reader came back from somewhere. */
  readonly isResumed: boolean;
  find(allocationId: AllocationId): string | undefined;
  set(allocationId: AllocationId, cursor: string): void;
  forget(allocationId: AllocationId): void;
  /** `-` when nothing was told; of more replicas than fit, those that spoke last. */
  format(): string;
}

/** Cursors are the agents' words: what separates must not be in them. */
const encode = (cursor: string): string => encodeURIComponent(cursor).replaceAll('~', '%7E');

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function createLogPlaces(lastEventId: string | undefined): LogPlaces {
  const places = new Map<AllocationId, string>();
  for (const part of lastEventId?.split('~') ?? []) {
    const [id = '', text = ''] = part.split('@', 2);
    const cursor = decode(text);
    if (/^[a-z2-7]{26}$/.test(id) && cursor) places.set(`${PREFIX}${id}` as AllocationId, cursor);
  }
  return {
    isResumed: places.size > 0,
    find: (allocationId) => places.get(allocationId),
    set(allocationId, cursor) {
      places.delete(allocationId);
      places.set(allocationId, cursor);
    },
    forget: (allocationId) => void places.delete(allocationId),
    format() {
      const parts: string[] = [];
      let size = 0;
      for (const [id, cursor] of [...places].reverse()) {
        const part = `${id.slice(PREFIX.length)}@${encode(cursor)}`;
        size += part.length + 1;
        if (size > MAX_CHARACTERS) break;
        parts.push(part);
      }
      return parts.length === 0 ? '-' : parts.reverse().join('~');
    },
  };
}
