/** Variables as a `.env` file has them. */
export type EnvRead =
  | { readonly kind: 'variables'; readonly variables: Readonly<Record<string, string>> }
  | { readonly kind: 'wrong'; readonly line: number; readonly text: string };

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const MAX_VARIABLES = 512;

function readValue(raw: string): string | undefined {
  const text = raw.trim();
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, 1);
    // What follows the closing quote may be a comment only.
    if (end === -1 || !/^\s*(#.*)?$/.test(text.slice(end + 1))) return undefined;
    const inner = text.slice(1, end);
    return quote === '"' ? inner.replaceAll(String.raw`\n`, '\n') : inner;
  }
  return text.replace(/\s+#.*$/, '');
}

/** Reads `NAME=value` lines: comments, `export`, single and double quotes. The last of a name wins. */
export function readEnv(text: string): EnvRead {
  const variables: Record<string, string> = {};
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim().replace(/^export\s+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(0, at)).trim();
    const value = at === -1 ? undefined : readValue(line.slice(at + 1));
    if (!NAME.test(name) || value === undefined || Object.keys(variables).length >= MAX_VARIABLES) {
      return { kind: 'wrong', line: index + 1, text: raw.trim().slice(0, 60) };
    }
    variables[name] = value;
  }
  return { kind: 'variables', variables };
}

/** Written so that `readEnv` reads the same. */
export const writeEnv = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${/^[\w@%+=:,./-]*$/.test(value) ? value : quote(value)}`)
    .join('\n');

const quote = (value: string): string => (value.includes('"') ? `'${value}'` : `"${value.replaceAll('\n', String.raw`\n`)}"`);

/** Names whose values are not for a glance over the shoulder. */
export const isSensitive = (name: string): boolean => /pass|secret|token|key|credential|private/i.test(name);
