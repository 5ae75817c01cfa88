/** Statements that a single atomic request cannot contain, with the reason a person reads. */
const REFUSED: Readonly<Record<string, string>> = {
  BEGIN: 'transactions are one batch',
  COMMIT: 'transactions are one batch',
  END: 'transactions are one batch',
  ROLLBACK: 'transactions are one batch',
  SAVEPOINT: 'transactions are one batch',
  RELEASE: 'transactions are one batch',
  PRAGMA: 'settings belong to the driver',
  ATTACH: 'the driver serves one database',
  DETACH: 'the driver serves one database',
  VACUUM: 'maintenance belongs to the driver',
};

/** One token at `from`: quoted text and comments count as one, words as one, anything else as a character. */
const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[A-Za-z_]\w*|[\s\S]/gy;
const TOKEN_OR_PARAMETER = new RegExp(`\\?\\d+|${TOKEN.source}`, 'gy');
const isBlank = (token: string): boolean => /^\s/.test(token) || token.startsWith('--') || token.startsWith('/*');

/**
 * Splits a script at its semicolons, keeping `CREATE TRIGGER … BEGIN … END` whole: a trigger ends at `; END ;`, as in
 * sqlite3_complete(). Comments before a statement stay with it; a trailing comment is dropped.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let text = '';
  let words: string[] = [];
  let previous = '';
  let beforePrevious = '';
  for (const [token] of script.matchAll(TOKEN)) {
    text += token;
    if (isBlank(token)) continue;
    const upper = token.toUpperCase();
    const endsTrigger = previous === 'END' && beforePrevious === ';';
    const isTrigger = words[0] === 'CREATE' && (words[1] === 'TRIGGER' || words[2] === 'TRIGGER');
    if (token === ';' && (!isTrigger || endsTrigger)) {
      if (words.length > 0) statements.push(text.slice(0, -1).trim());
      text = '';
      words = [];
      previous = '';
      beforePrevious = '';
      continue;
    }
    if (words.length < 3) words.push(upper);
    beforePrevious = previous;
    previous = upper;
  }
  if (words.length > 0) statements.push(text.trim());
  return statements;
}

/** Why the port refuses `sql`, or `undefined` when it takes it. Both drivers ask this before they send. */
export function findStatementRefusal(sql: string): string | undefined {
  const statements = splitStatements(sql);
  const only = statements[0];
  if (only === undefined) return 'the statement is empty';
  if (statements.length > 1) return 'more than one statement in one text: pass each as its own';
  for (const [token] of only.matchAll(TOKEN)) {
    if (isBlank(token)) continue;
    const reason = REFUSED[token.toUpperCase()];
    return reason === undefined ? undefined : `${token.toUpperCase()} is refused: ${reason}`;
  }
  return undefined;
}

const VERBS = new Set([
  'SELECT',
  'VALUES',
  'INSERT',
  'REPLACE',
  'UPDATE',
  'DELETE',
  'EXPLAIN',
  'CREATE',
  'ALTER',
  'DROP',
  'REINDEX',
  'ANALYZE',
]);
const READS = new Set(['SELECT', 'VALUES', 'EXPLAIN']);

/** The first verb outside parentheses: what a statement does, past its `WITH`. */
function findVerb(sql: string): string | undefined {
  let depth = 0;
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (depth === 0 && VERBS.has(token.toUpperCase())) return token.toUpperCase();
  }
  return undefined;
}

/** Whether the statement only reads. */
export const isReading = (sql: string): boolean => READS.has(findVerb(sql) ?? '');

/** As `findStatementRefusal`, for a statement of a batch: that one writes. The clustered database drops the rows of a read there. */
export function findBatchRefusal(sql: string): string | undefined {
  const refusal = findStatementRefusal(sql);
  if (refusal !== undefined) return refusal;
  return isReading(sql) ? 'a batch writes: read by `query`, or return rows by RETURNING' : undefined;
}

/** Puts one space behind each `RETURNING`: rqlite looks for it so, and drops the rows where it finds another blank. */
export function spaceReturning(sql: string): string {
  if (!/returning\s/i.test(sql)) return sql;
  const tokens = Array.from(sql.matchAll(TOKEN), ([token]) => token);
  return tokens.map((token, index) => (tokens[index - 1]?.toUpperCase() === 'RETURNING' && /^\s/.test(token) ? ' ' : token)).join('');
}

/** How many parameters the statement takes. */
export function countParameters(sql: string): number {
  let last = -1;
  for (const [token] of sql.matchAll(TOKEN_OR_PARAMETER)) {
    if (token.startsWith('?')) last = Math.max(last, token === '?' ? last + 1 : Number(token.slice(1)) - 1);
  }
  return last + 1;
}

/** Makes text again of the parameters of these indexes, counted from 0, which travel as bytes. */
export function castParameters(sql: string, indexes: ReadonlySet<number>): string {
  let last = -1;
  return sql.replaceAll(TOKEN_OR_PARAMETER, (token) => {
    if (!token.startsWith('?')) return token;
    const index = token === '?' ? last + 1 : Number(token.slice(1)) - 1;
    last = Math.max(last, index);
    return indexes.has(index) ? `CAST(${token} AS TEXT)` : token;
  });
}

/** Whether the statement says `RETURNING`. */
export const hasReturning = (sql: string): boolean =>
  /returning/i.test(sql) && sql.matchAll(TOKEN).some(([token]) => token.toUpperCase() === 'RETURNING');
