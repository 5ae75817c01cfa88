import type { Running, Seat } from './seat.ts';

/** All coordinators of the world. Each that leads by its own word counts; the newest token tells which of them does. */
export interface Seats {
  readonly all: readonly [Seat, ...Seat[]];
  /** The seat whose coordinator took the lead last, if that one is alive: an older one does not count, whatever it believes. */
  readonly leader: Seat | undefined;
  /** What runs there. */
  readonly running: Running | undefined;
  /** The newest that ever led: what it knows is what agents may have heard. */
  readonly newest: Running | undefined;
  /** Whoever answers people, each with what it believes. */
  listAnswering(): readonly Running[];
  startAll(): void;
  /** Nothing is paused, asleep, cut off or taken over, and every seat has a coordinator. */
  heal(): void;
  shutDown(): void;
}

export function createSeats(all: readonly [Seat, ...Seat[]]): Seats {
  let newest: Running | undefined;

  function findLeader(): Seat | undefined {
    let leader: Seat | undefined;
    for (const seat of all) if (seat.running && seat.running.token > (leader?.running?.token ?? 0)) leader = seat;
    if (!leader?.running || leader.running.token < (newest?.token ?? 0)) return undefined;
    newest = leader.running;
    return leader;
  }

  return {
    all,
    get leader() {
      return findLeader();
    },
    get running() {
      return findLeader()?.running;
    },
    get newest() {
      findLeader();
      return newest;
    },
    listAnswering: () => all.flatMap(({ running, zombies }) => [...(running ? [running] : []), ...zombies]),
    startAll: () => all.forEach((seat) => seat.start()),
    heal() {
      for (const seat of all) {
        seat.setCutOff(false);
        seat.wake();
        seat.resume();
        seat.endZombies();
        seat.start();
      }
    },
    shutDown: () => all.forEach((seat) => seat.shutDown()),
  };
}
