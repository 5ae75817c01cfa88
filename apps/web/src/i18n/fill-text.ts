type Params = Readonly<Record<string, string | number>>;

/** Names that a message needs to be complete. */
const namesIn = (message: string): readonly string[] => [...message.matchAll(/\{\s*(\w+)\s*[,}]/g)].map(([, name]) => name ?? '');

/** Whether a message can be said with what is known; half a sentence is worse than the coordinator's own. */
export const canSay = (message: unknown, params: Params): boolean =>
  typeof message === 'string' && namesIn(message).every((name) => params[name] !== undefined);
