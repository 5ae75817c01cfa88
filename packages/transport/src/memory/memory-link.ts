import { agentMessageSchema, coordinatorMessageSchema } from '@cloudless/proto';
import { createLink } from '../create-link.ts';
import { FRAME, type FrameChannel, type FrameHandlers } from '../frame-channel.ts';
import type { AgentLink, CoordinatorLink } from '../link.ts';

export type MemoryLinkOptions = {
  /**
   * When the other end sees what was written: called once a frame with how to deliver it. Calls must be run in order or not at all.
   * A microtask later when absent; a simulator passes its clock's timer and chance.
   */
  readonly deliver?: (towards: 'agent' | 'coordinator', run: () => void) => void;
  /** `later`: the link stands with its control path, and the other comes when it is asked for. */
  readonly bulk?: 'later';
};

export type MemoryLinkPair = {
  readonly agent: AgentLink;
  readonly coordinator: CoordinatorLink;
  /** The network between them goes: both ends close with `path_lost`, nothing in flight arrives. */
  sever(): void;
  /** From now on nothing arrives and nobody is told, as on a half-open connection. */
  stall(): void;
  /** The raw paths, for a test that writes what no link would. */
  readonly raw: {
    readonly agentControl: FrameChannel;
    readonly agentBulk: FrameChannel;
    readonly coordinatorControl: FrameChannel;
    readonly coordinatorBulk: FrameChannel;
  };
};

type Wire = { isStalled: boolean; readonly deliver: (run: () => void) => void };

/** One end of an in-memory path. Bytes count as taken when they arrive, so back-pressure is real. */
function createEnd(
  wire: Wire,
): FrameChannel & { connect(peer: ReturnType<typeof createEnd>): void; arrive(frame: Uint8Array): void; lose(): void } {
  let peer: ReturnType<typeof createEnd> | undefined;
  let handlers: FrameHandlers | undefined;
  const waiting: Uint8Array[] = [];
  let queuedBytes = 0;
  let isOpen = true;
  let isLost = false;
  let isTold = false;
  let onDrain: () => void = () => undefined;

  const tell = (): void => {
    if (!isLost || isTold || !handlers || waiting.length > 0) return;
    isTold = true;
    handlers.closed();
  };
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    wire.deliver(() => {
      if (!wire.isStalled) peer?.lose();
    });
  };
  const end: ReturnType<typeof createEnd> = {
    connect(other) {
      peer = other;
    },
    write(frame) {
      if (!isOpen) return;
      const copy = frame.slice();
      queuedBytes += copy.byteLength;
      wire.deliver(() => {
        if (wire.isStalled) return;
        queuedBytes -= copy.byteLength;
        peer?.arrive(copy);
        onDrain();
      });
    },
    flush: () => undefined,
    get queuedBytes() {
      return queuedBytes;
    },
    onDrain(listener) {
      onDrain = listener;
    },
    receive(next) {
      handlers = next;
      while (handlers && waiting.length > 0) {
        const frame = waiting.shift();
        if (frame) handlers.frame(frame);
      }
      tell();
    },
    arrive(frame) {
      if (!isOpen) return;
      if (handlers) handlers.frame(frame);
      else waiting.push(frame);
    },
    lose() {
      isOpen = false;
      isLost = true;
      tell();
    },
    end: close,
    destroy: close,
  };
  return end;
}

/** An agent's and a coordinator's end in one thread, with no timers of its own: the same link core as over WebSockets. */
export function createMemoryLinkPair(options: MemoryLinkOptions = {}): MemoryLinkPair {
  const deliver = options.deliver ?? ((_towards: string, run: () => void) => queueMicrotask(run));
  const toCoordinator: Wire = { isStalled: false, deliver: (run) => deliver('coordinator', run) };
  const toAgent: Wire = { isStalled: false, deliver: (run) => deliver('agent', run) };
  const ends = {
    agentControl: createEnd(toCoordinator),
    agentBulk: createEnd(toCoordinator),
    coordinatorControl: createEnd(toAgent),
    coordinatorBulk: createEnd(toAgent),
  };
  ends.agentControl.connect(ends.coordinatorControl);
  ends.coordinatorControl.connect(ends.agentControl);
  ends.agentBulk.connect(ends.coordinatorBulk);
  ends.coordinatorBulk.connect(ends.agentBulk);
  const stall = (): void => {
    toCoordinator.isStalled = true;
    toAgent.isStalled = true;
  };
  const isLater = options.bulk === 'later';
  const agent = createLink({
    control: ends.agentControl,
    bulk: isLater ? { ask: bringBulk } : ends.agentBulk,
    role: 'dialler',
    outgoing: agentMessageSchema,
    incoming: coordinatorMessageSchema,
  });
  const coordinator = createLink({
    control: ends.coordinatorControl,
    bulk: isLater ? { ask: () => ends.coordinatorControl.write(Uint8Array.of(FRAME.wantBulk)) } : ends.coordinatorBulk,
    role: 'acceptor',
    outgoing: coordinatorMessageSchema,
    incoming: agentMessageSchema,
  });
  function bringBulk(): void {
    toCoordinator.deliver(() => {
      if (!toCoordinator.isStalled) coordinator.attachBulk(ends.coordinatorBulk);
    });
    agent.attachBulk(ends.agentBulk);
  }
  return {
    agent,
    coordinator,
    sever() {
      stall();
      for (const end of Object.values(ends)) end.lose();
    },
    stall,
    raw: ends,
  };
}
