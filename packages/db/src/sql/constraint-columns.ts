/** Columns named by `UNIQUE constraint failed: table.a, table.b`, as `table.column`. */
export function constraintColumns(message: string): string[] {
  const named = /(?:UNIQUE|NOT NULL) constraint failed: (.+)$/.exec(message)?.[1];
  return named === undefined ? [] : named.split(', ').filter((name) => /^[\w$]+\.[\w$]+$/.test(name));
}
