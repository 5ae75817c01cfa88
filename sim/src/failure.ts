/** A checker found something. Says all that is needed to see it again. */
export class SimulationFailed extends Error {
  readonly checker: string;
  constructor(checker: string, what: string, seen: { readonly where: string; readonly tail: readonly string[]; readonly replay: string }) {
    super(
      [`${seen.where}: ${checker}: ${what}`, 'The last events:', ...seen.tail.map((line) => `  ${line}`), `Replay: ${seen.replay}`].join(
        '\n',
      ),
    );
    this.name = 'SimulationFailed';
    this.checker = checker;
  }
}
