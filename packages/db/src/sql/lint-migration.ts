import type { Migration } from './migrations.ts';
import { findStatementRefusal, splitStatements } from './statements.ts';

type Rule = { readonly pattern: RegExp; readonly why: string };

/** What replicas of the clustered database, which each run the statement themselves, would answer differently. */
const DIVERGES = 'replicas would diverge: pass times, ids and chance as parameters';
const RULES: readonly Rule[] = [
  { pattern: /\bcurrent_(?:timestamp|date|time)\b/i, why: DIVERGES },
  { pattern: /\b(?:date|time|datetime|julianday|unixepoch|strftime|timediff|random|randomblob)\s*\(/i, why: DIVERGES },
  {
    pattern: /\b(?:changes|total_changes|last_insert_rowid)\s*\(/i,
    why: 'it depends on what the connection did before, and connections differ',
  },
  { pattern: /\bdefault\s*\(/i, why: 'a default that is computed hides what a writer should say' },
  {
    pattern: /\b(?:create|alter)\s+table\b[\s\S]*\b(?:date|decimal|numeric|timestamp)\b/i,
    why: 'SQLite gives DATE, DECIMAL, NUMERIC and TIMESTAMP the affinity NUMERIC and changes what is stored: use TEXT, INTEGER, REAL, BLOB or DATETIME',
  },
  { pattern: /\breferences\b/i, why: 'the clustered database does not enforce foreign keys, so code that trusts them breaks there' },
  { pattern: /\bcreate\s+(?:temp|temporary|virtual)\b/i, why: 'temporary and virtual tables are not replicated' },
  { pattern: /\bif\s+not\s+exists\b/i, why: 'a migration runs once on a known schema: what exists already is a fault to see' },
];

/** Text and comments mean nothing to the rules. */
const bare = (sql: string): string =>
  sql
    .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/"(?:[^"]|"")*"/g, 'quoted');

type Linted = Pick<Migration, 'name' | 'script'> & Partial<Pick<Migration, 'version' | 'minReader'>>;

/** Sentences on what in a migration would be wrong on some database; empty when it is sound. */
export function findMigrationFaults({ name, script, version, minReader = 0 }: Linted): readonly string[] {
  const statements = splitStatements(script);
  if (statements.length === 0) return [`${name} holds no statement`];
  if (version !== undefined && minReader > version) return [`${name} asks for readers of schema ${minReader}, which is newer than itself`];
  return statements.flatMap((sql) => {
    const text = bare(sql);
    const head = text.trim().replaceAll(/\s+/g, ' ').slice(0, 60);
    const refusal = findStatementRefusal(sql);
    const broken = RULES.filter(({ pattern }) => pattern.test(text)).map(({ why }) => why);
    return [...(refusal === undefined ? [] : [refusal]), ...broken].map((why) => `${name}: "${head}…": ${why}`);
  });
}
