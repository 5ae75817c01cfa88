import type { Duplex } from 'node:stream';
import type { Clock } from '@cloudless/kernel';
import { DialFailed, type PeerConnection } from '@cloudless/transport/tls';
import type { Draw } from '../draw.ts';
import type { Incarnation } from '../incarnation.ts';
import { createWire, type Side, type Wire } from './wire.ts';

/** How a coordinator is parted from the others: what it sends or what is sent to it waits (`holds`) or is lost. People reach it as before. */
export type Parting = { readonly blocked: readonly ('in' | 'out')[]; readonly holds: boolean };

/** What listens at the address of a coordinator. */
export type PeerPlace = {
  readonly life: Incarnation;
  acceptPeer(arrived: PeerConnection): void;
  acceptPerson(connection: Duplex): void;
};

/** Between coordinators, and from people to them. */
export interface PeerNetwork {
  /** As one coordinator dials another: who answers has shown who it is. Fails as a socket would. */
  dialPeer(from: { readonly name: string; readonly life: Incarnation }, address: string, signal: AbortSignal): Promise<Dialled>;
  /** As a browser or a program dials a coordinator. */
  dialAsPerson(person: Incarnation, name: string, signal: AbortSignal): Promise<Duplex>;
  part(name: string, parting: Parting): void;
  /** Its connections to other coordinators break; both ends are told. */
  cut(name: string): void;
  /** A program is gone. `reset`: its system says so to the other end; `silent`: nobody does. */
  lose(life: Incarnation, how: 'reset' | 'silent'): void;
  heal(): void;
  /** Connections that are open. */
  readonly open: number;
}
type Dialled = { readonly connection: Duplex; readonly coordinatorId: string };

export type PeerNetworkOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  /** `refused`: its machine is on, and no program listens; `dark`: the machine is off. */
  readonly findPlace: (name: string) => PeerPlace | 'refused' | 'dark';
};

const PEOPLE = 'people';
export const addressOf = (name: string): string => `http://${name}:7600`;

const goesNowhere = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });

export function createPeerNetwork({ clock, draw, findPlace }: PeerNetworkOptions): PeerNetwork {
  const baseMs = draw.pick([0, 1, 20]);
  const jitterMs = draw.pick([0, 2, 60]);
  const partings = new Map<string, Parting>();
  const wires = new Map<Wire, { readonly from: string; readonly to: string }>();
  const delayMs = (): number => baseMs + draw.between(0, jitterMs);

  function wayFrom(sender: string, receiver: string): 'open' | 'holds' | 'loses' {
    if (sender === PEOPLE || receiver === PEOPLE) return 'open';
    const [out, into] = [partings.get(sender), partings.get(receiver)];
    const blocking = [...(out?.blocked.includes('out') ? [out] : []), ...(into?.blocked.includes('in') ? [into] : [])];
    if (blocking.length === 0) return 'open';
    return blocking.every(({ holds }) => holds) ? 'holds' : 'loses';
  }

  async function dial(from: string, life: Incarnation, to: string, signal: AbortSignal): Promise<{ wire: Wire; place: PeerPlace }> {
    await life.clock.sleep(2 * delayMs(), signal);
    const place = findPlace(to);
    if (wayFrom(from, to) !== 'open' || wayFrom(to, from) !== 'open' || place === 'dark') return await goesNowhere(signal);
    if (place === 'refused') {
      const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      throw new DialFailed('path_lost', `Nothing listens at ${to}.`, { cause });
    }
    const lives = { near: life, far: place.life };
    const wayTo = (side: Side): 'open' | 'holds' | 'loses' => (side === 'far' ? wayFrom(from, to) : wayFrom(to, from));
    const wire = createWire({ clock, lives, delayMs, wayTo, onOver: () => void wires.delete(wire) });
    wires.set(wire, { from, to });
    return { wire, place };
  }

  /** The system takes a connection at once; the program has to say who it is. One that stands still does not. */
  function untilTaken(place: PeerPlace, take: () => void, signal: AbortSignal): Promise<void> {
    return Promise.race([
      goesNowhere(signal),
      new Promise<void>((resolve) =>
        place.life.enter(() => {
          if (!signal.aborted) take();
          resolve();
        }),
      ),
    ]);
  }
  const ofCoordinator = (name: string): Wire[] =>
    [...wires].filter(([, { from, to }]) => from !== PEOPLE && (from === name || to === name)).map(([wire]) => wire);

  return {
    async dialPeer({ name, life }, address, signal) {
      const to = new URL(address).hostname;
      const { wire, place } = await dial(name, life, to, signal);
      const arrived = { connection: wire.far, coordinatorId: name, endWhenSilent: (ms: number) => wire.endWhenSilent(ms) };
      await untilTaken(place, () => place.acceptPeer(arrived), signal);
      return { connection: wire.near, coordinatorId: to };
    },
    async dialAsPerson(person, name, signal) {
      const { wire, place } = await dial(PEOPLE, person, name, signal);
      await untilTaken(place, () => place.acceptPerson(wire.far), signal);
      return wire.near;
    },
    part(name, parting) {
      partings.set(name, parting);
    },
    cut(name) {
      for (const wire of ofCoordinator(name)) {
        wire.reset('near');
        wire.reset('far');
      }
    },
    lose(life, how) {
      for (const wire of [...wires.keys()]) {
        const { near, far } = wire.lives;
        if (near !== life && far !== life) continue;
        if (how === 'reset') wire.reset(near === life ? 'near' : 'far');
        if (wire.isOver) wires.delete(wire);
      }
    },
    heal() {
      partings.clear();
      for (const wire of wires.keys()) wire.release();
    },
    get open() {
      return wires.size;
    },
  };
}
