export const FENCING = 'a coordinator that was replaced writes nothing';

/** Every revision is given once, and the token of whoever writes it never falls. */
export interface Fencing {
  committed(token: number, revision: number): string | undefined;
}

export function createFencing(): Fencing {
  const tokens = new Map<number, number>();
  return {
    committed(token, revision) {
      const other = tokens.get(revision);
      if (other !== undefined && other !== token) return `revision ${revision} was written under the tokens ${other} and ${token}`;
      tokens.set(revision, token);
      const before = tokens.get(revision - 1);
      if (before !== undefined && before > token)
        return `revision ${revision} was written under token ${token}, and the one before under ${before}`;
      const after = tokens.get(revision + 1);
      return after !== undefined && after < token
        ? `revision ${revision} was written under token ${token}, and the one after it under ${after}`
        : undefined;
    },
  };
}
