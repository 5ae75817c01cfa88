/**
 * Stops the unit of work when an invariant is broken. Kept on in production: a wrong state that goes on is worse than a stop.
 *
 * @param sentence what should have been true, as a sentence
 * @throws Error `invariant broken: <sentence>`
 */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${sentence}`);
}

/** Ends every `switch` over a union: the compiler refuses it while a member is unserved. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unserved case ${JSON.stringify(value)}`);
}
