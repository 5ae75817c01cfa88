/**
 * Bugs that can be planted into the world, at least one for each checker: a checker that has never failed proves nothing. Each breaks
 * a part of the simulated world, never the product.
 */
export const PLANTS = [
  'starts-twice',
  'forgets-restarts',
  'ignores-stop',
  'stops-at-will',
  'lies-about-syncs',
  'forgets-a-write',
  'answers-from-the-past',
  'counts-room-twice',
  'places-twice',
  'writes-a-row-twice',
  'shares-devices',
  'updates-all-at-once',
  'keeps-links',
  'tells-no-reason',
  'forgets-deadlines',
  'overwrites-devices',
  'overlooks-protocols',
  'drifts-too-far',
  'ignores-fencing',
  'forgets-grants',
  'unwatched-leases',
  'forgets-pauses',
  'answers-for-the-leader',
  'passes-on-twice',
] as const;
export type Plant = (typeof PLANTS)[number];
