import type { Clock, Entropy } from '@cloudless/kernel';
import {
  agentMessageSchema,
  coordinatorMessageSchema,
  MAX_CONTROL_BYTES,
  type AgentMessage,
  type CoordinatorMessage,
  type NodeId,
} from '@cloudless/proto';
import type { LaterBulk } from '../bulk-path.ts';
import { createLink, type AttachableLink } from '../create-link.ts';
import { FRAME } from '../frame-channel.ts';
import type { CoordinatorLink } from '../link.ts';
import { MAX_BULK_FRAME_BYTES } from '../stream-limits.ts';
import type { Admission } from './admission.ts';
import type { DuplexChannel } from './duplex-channel.ts';
import { preambleFrame } from './preamble.ts';

/** Paths of known devices that are no link before their other half stands; more are asked to come back. */
const MAX_HALVES = 4096;

/** A control path whose device is known. */
export type ControlPath = {
  readonly nodeId: NodeId;
  /** The certificate that it showed, DER. */
  readonly leaf: Uint8Array;
  readonly channel: DuplexChannel;
  readonly remoteAddress: string | undefined;
  /** It became part of a link. */
  linked(): void;
  /** It speaks out of turn. */
  abandon(): void;
};

type Waiting = Pick<ControlPath, 'nodeId' | 'leaf'> & { attach(bulk: DuplexChannel): void };

/** Control paths whose bulk path has not come yet. */
export interface ControlPaths {
  /** The link stands with it; the other path is asked for when few are at the door. */
  link(path: ControlPath): void;
  /** An agent of the release before says nothing on it before the other stands. `false`: too many such wait. */
  hold(path: ControlPath): boolean;
  /** The one that gave out this secret. */
  find(session: string): Pick<ControlPath, 'nodeId' | 'leaf'> | undefined;
  /** Its bulk path has come. */
  attach(session: string, bulk: DuplexChannel): void;
}

export function createControlPaths(deps: {
  readonly clock: Clock;
  readonly entropy: Pick<Entropy, 'bytes'>;
  readonly admission: Pick<Admission, 'whenQuiet'>;
  onLink(link: CoordinatorLink, path: ControlPath): void;
}): ControlPaths {
  const { clock, entropy, admission } = deps;
  /** By the secret that the bulk path must present. */
  const waiting = new Map<string, Waiting>();
  let halves = 0;

  const createSession = (): string => Buffer.from(entropy.bytes(32)).toString('base64url');
  const linkOver = (control: DuplexChannel, bulk: DuplexChannel | LaterBulk): AttachableLink<CoordinatorMessage, AgentMessage> =>
    createLink({ control, bulk, role: 'acceptor', outgoing: coordinatorMessageSchema, incoming: agentMessageSchema, clock });

  return {
    link(path) {
      const { nodeId, leaf, channel } = path;
      const session = createSession();
      channel.setMaxFrame(MAX_CONTROL_BYTES);
      channel.write(preambleFrame({ kind: 'opened', session, bulk: 'later' }));
      let hasCome = (): void => undefined;
      const link = linkOver(channel, {
        ask: () => channel.write(Uint8Array.of(FRAME.wantBulk)),
        askInTurn(ask) {
          hasCome = admission.whenQuiet(ask);
        },
      });
      const over = (): void => {
        waiting.delete(session);
        hasCome();
      };
      void link.closed.then(over);
      waiting.set(session, {
        nodeId,
        leaf,
        attach(bulk) {
          over();
          link.attachBulk(bulk);
        },
      });
      deps.onLink(link, path);
    },
    hold(path) {
      const { nodeId, leaf, channel } = path;
      if (halves >= MAX_HALVES) return false;
      const session = createSession();
      halves += 1;
      channel.setMaxFrame(MAX_CONTROL_BYTES);
      // `receive` also tells when it goes.
      channel.receive({
        frame: path.abandon,
        closed() {
          if (waiting.delete(session)) halves -= 1;
        },
      });
      waiting.set(session, {
        nodeId,
        leaf,
        attach(bulk) {
          waiting.delete(session);
          halves -= 1;
          path.linked();
          deps.onLink(linkOver(channel, bulk), path);
        },
      });
      channel.write(preambleFrame({ kind: 'opened', session }));
      return true;
    },
    find: (session) => waiting.get(session),
    attach(session, bulk) {
      bulk.setMaxFrame(MAX_BULK_FRAME_BYTES);
      bulk.write(preambleFrame({ kind: 'attached' }));
      waiting.get(session)?.attach(bulk);
    },
  };
}
