/** A sentence for the person at this machine. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Exit status of a join over a network that intercepts TLS: what curl ends with when a pinned key is not the one it meets. */
export const INTERCEPTED_STATUS = 90;

/** A command could not do what was asked; the message says why and what to do. */
export class CommandFailed extends Error {
  readonly exitStatus: number;
  constructor(message: string, { exitStatus = 1, ...options }: ErrorOptions & { readonly exitStatus?: number } = {}) {
    super(message, options);
    this.exitStatus = exitStatus;
  }
}
