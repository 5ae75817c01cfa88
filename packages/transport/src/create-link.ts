import type { Clock, Timer } from '@cloudless/kernel';
import { CloudlessError, MAX_CONTROL_BYTES } from '@cloudless/proto';
import { createBulkPath, type LaterBulk } from './bulk-path.ts';
import { FRAME, jsonFrame, parseJsonPayload, type FrameChannel } from './frame-channel.ts';
import { StreamReset, type Link, type LinkClosed, type LinkPath, type LinkReason } from './link.ts';
import { parseReason, writeReason } from './reason.ts';
import { CONTROL_QUEUE_BYTES, MAX_EARLY_MESSAGES, MAX_UNREAD_BYTES } from './stream-limits.ts';

type Kinded = { readonly kind: string };
/** The part of a zod schema that a link needs. */
type MessageSchema<T> = {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };
      };
  readonly options: readonly { readonly shape: { readonly kind: { readonly value: string } } }[];
};

export type LinkOptions<Out extends Kinded, In extends Kinded> = {
  readonly control: FrameChannel;
  readonly bulk: FrameChannel | LaterBulk;
  readonly role: 'dialler' | 'acceptor';
  readonly outgoing: MessageSchema<Out>;
  readonly incoming: MessageSchema<In>;
  /** Lets go of a path whose other end does not react to the close. Absent where paths hold nothing (in memory). */
  readonly clock?: Pick<Clock, 'setTimer'>;
};

/** How long the other end may take to read why and to hang up, before the paths are destroyed. */
const LINGER_MS = 1000;

export type AttachableLink<Out, In> = Link<Out, In> & {
  /** The bulk path that was asked for, or that the other end brought. One that comes after the end is let go. */
  attachBulk(channel: FrameChannel): void;
};

/** A link over two authenticated paths, the second of which may come later. What both transports share; each brings its own paths. */
export function createLink<Out extends Kinded, In extends Kinded>(options: LinkOptions<Out, In>): AttachableLink<Out, In> {
  const { control, outgoing, incoming } = options;
  const bulk = createBulkPath(options.role, 'ask' in options.bulk ? options.bulk : undefined);
  const ending = new AbortController();
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<LinkClosed>();
  const probes: Record<LinkPath, { resolve(): void; reject(error: unknown): void }[]> = { control: [], bulk: [] };
  let listener: ((message: In) => void) | undefined;
  let early: In[] = [];
  let linger: Timer | undefined;
  const paths = (): readonly FrameChannel[] => (bulk.channel ? [control, bulk.channel] : [control]);

  function finish(reason: LinkReason, by: LinkClosed['by']): void {
    if (ending.signal.aborted) return;
    // On both paths, and at once: whichever the other end reads first tells it why, also when this process ends now.
    if (by === 'self') {
      for (const path of paths()) {
        path.write(jsonFrame(FRAME.close, writeReason(reason)));
        path.flush();
      }
    }
    const error = new StreamReset(reason.code, reason.message);
    bulk.stop(error);
    for (const probe of [...probes.control, ...probes.bulk]) probe.reject(error);
    // Closing at once could overtake the reason; the other end closes when it has read it.
    if (by === 'self') linger = options.clock?.setTimer(LINGER_MS, destroyPaths);
    else endPaths();
    resolveClosed({ ...reason, by });
    ending.abort(error);
  }
  function endPaths(): void {
    linger?.cancel();
    for (const path of paths()) path.end();
    linger = options.clock?.setTimer(LINGER_MS, destroyPaths);
  }
  function destroyPaths(): void {
    for (const path of paths()) path.destroy();
  }
  const refuse = (code: LinkReason['code'], message: string): void => finish({ code, message, retry: true }, 'self');

  function takeMessage(payload: Uint8Array): void {
    if (payload.byteLength >= MAX_CONTROL_BYTES)
      return refuse('oversized', `a message of ${payload.byteLength} bytes is over the limit of ${MAX_CONTROL_BYTES}`);
    const value = parseJsonPayload(payload);
    const parsed = incoming.safeParse(value);
    if (!parsed.success) {
      const kind = typeof value === 'object' && value !== null ? (Reflect.get(value, 'kind') as unknown) : undefined;
      if (typeof kind === 'string' && !incoming.options.some((option) => option.shape.kind.value === kind)) {
        return refuse('unknown_kind', `a message of kind "${kind.slice(0, 64)}" is not known to this release; update the older end`);
      }
      const issue = parsed.error.issues[0];
      const where = typeof kind === 'string' ? `${kind.slice(0, 64)}.${issue?.path.join('.') ?? ''}` : 'message';
      return refuse(
        'malformed',
        `${where} could not be read: ${value === undefined ? 'not JSON' : (issue?.message ?? 'not of the schema')}`,
      );
    }
    if (listener) return listener(parsed.data);
    if (early.length >= MAX_EARLY_MESSAGES) return refuse('overloaded', `nobody took ${MAX_EARLY_MESSAGES} messages`);
    early.push(parsed.data);
  }

  /** What both paths have, and what nobody may do on either. @returns whether the frame is dealt with */
  function takeShared(path: LinkPath, channel: FrameChannel, frame: Uint8Array): boolean {
    const kind = frame[0];
    if (ending.signal.aborted) {
      // Both ends closed at once, or frames were under way: only the other end's word that it is over counts.
      if (kind === FRAME.close) endPaths();
    } else if (channel.queuedBytes > MAX_UNREAD_BYTES) {
      refuse('overloaded', `the other end sends on the ${path} path and does not read it`);
    } else if (kind === FRAME.ping) channel.write(Uint8Array.of(FRAME.pong));
    else if (kind === FRAME.pong) probes[path].shift()?.resolve();
    else if (kind === FRAME.close) finish(parseReason(frame.subarray(1)), 'peer');
    else return false;
    return true;
  }

  const closedBy = (path: LinkPath) => (fault?: { readonly code: LinkReason['code']; readonly message: string }) => {
    if (ending.signal.aborted) endPaths();
    else if (fault) refuse(fault.code, fault.message);
    else finish({ code: 'path_lost', message: `the ${path} connection ended without a word`, retry: true }, 'network');
  };

  control.receive({
    frame(frame) {
      const kind = frame[0];
      if (takeShared('control', control, frame)) return;
      if (kind === FRAME.message) takeMessage(frame.subarray(1));
      else if (kind === FRAME.wantBulk && options.role === 'dialler') bulk.ask();
      else refuse('malformed', `the control path has no frames of kind ${kind ?? 'none'}`);
    },
    closed: closedBy('control'),
  });
  function attachBulk(channel: FrameChannel): void {
    if (ending.signal.aborted) return channel.destroy();
    const mux = bulk.attach(channel);
    channel.receive({
      frame(frame) {
        const kind = frame[0];
        if (kind === undefined) return refuse('malformed', 'an empty frame came on the bulk path');
        if (takeShared('bulk', channel, frame)) return;
        const broken = mux.take(kind, frame.subarray(1));
        if (broken !== undefined) refuse('malformed', broken);
      },
      closed: closedBy('bulk'),
    });
  }
  if (!('ask' in options.bulk)) attachBulk(options.bulk);

  return {
    send(message) {
      const valid = outgoing.safeParse(message);
      if (!valid.success)
        throw new Error(
          `invariant broken: a ${message.kind} message is not of its schema: ${valid.error.issues[0]?.path.join('.')} ${valid.error.issues[0]?.message}`,
        );
      if (ending.signal.aborted || control.queuedBytes >= CONTROL_QUEUE_BYTES) return false;
      // As it was given, without defaults filled in: a field that the other release does not know can be left out.
      const frame = jsonFrame(FRAME.message, message);
      if (frame.byteLength > MAX_CONTROL_BYTES) {
        throw new CloudlessError(
          'too_large',
          `A ${message.kind} message of ${frame.byteLength} bytes is over the limit of ${MAX_CONTROL_BYTES}.`,
        );
      }
      control.write(frame);
      return true;
    },
    get queuedBytes() {
      return control.queuedBytes;
    },
    onMessage(next) {
      listener = next;
      const waiting = early;
      early = [];
      for (const message of waiting) next(message);
    },
    openStream: (header, signal) => bulk.open(header, signal),
    onStream: (next) => bulk.onStream(next),
    stands: (path) => !ending.signal.aborted && (path === 'control' || bulk.channel !== undefined),
    bringBulk: () => bulk.bring(),
    attachBulk,
    async probe(path) {
      if (path === 'bulk' && !bulk.channel) await bulk.bring();
      ending.signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      probes[path].push({ resolve, reject });
      (path === 'control' ? control : bulk.channel)?.write(Uint8Array.of(FRAME.ping));
      return promise;
    },
    close: (reason) => finish(reason, 'self'),
    closed,
    signal: ending.signal,
  };
}
