/**
 * Bugs that can be planted into the world, one for each checker: a checker that has never failed proves nothing. Each breaks a part
 * of the simulated world, never the product.
 */
export const PLANTS = ['starts-twice', 'ignores-stop', 'forgets-a-write', 'counts-room-twice', 'places-twice', 'reads-two-truths'] as const;
export type Plant = (typeof PLANTS)[number];
