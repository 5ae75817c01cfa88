/** A sentence for the person at this machine. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A command could not do what was asked; the message says why and what to do. */
export class CommandFailed extends Error {}
