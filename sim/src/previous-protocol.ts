import { LINK_PROTOCOL, type AgentMessage, type CoordinatorMessage } from '@cloudless/proto';
import type { AgentLink, CoordinatorLink } from '@cloudless/transport';

/** What came with the newest protocol: an agent of the one before takes a message that has any of it for malformed. */
export const NEWER_WORDS: readonly string[] = ['disconnect', 'exclusive', 'storageBytes', 'leases', 'why'];

function findNewer(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = NEWER_WORDS.includes(name) ? name : findNewer(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

function toPrevious(message: AgentMessage): AgentMessage {
  if (message.kind !== 'hello' && message.kind !== 'fingerprint') return message;
  const { leases: _, ...fingerprint } = message.fingerprint;
  return message.kind === 'hello' ? { ...message, protocol: LINK_PROTOCOL - 1, fingerprint } : { ...message, fingerprint };
}

/** The link as an agent of the protocol before speaks on it. */
export const speakPrevious = (link: AgentLink): AgentLink =>
  Object.create(link, { send: { value: (message: AgentMessage) => link.send(toPrevious(message)) } }) as AgentLink;

/** The coordinator's end of it: what it says is looked at before the schema of today fills anything in. */
export const hearPrevious = (link: CoordinatorLink, onNewer: (word: string) => void): CoordinatorLink =>
  Object.create(link, {
    send: {
      value(message: CoordinatorMessage) {
        const word = findNewer(message);
        if (word !== undefined) onNewer(`${word} in ${message.kind}`);
        return link.send(message);
      },
    },
  }) as CoordinatorLink;
