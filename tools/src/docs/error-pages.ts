/** Texts of one error, as the closed list in `packages/proto/src/errors.ts` has them. */
export type ErrorText = { readonly status: number; readonly title: string; readonly remedy: string };

/** Path of each page below `docs/` and its text. Pure: the same list gives the same pages. */
export function renderErrorPages(errors: Readonly<Record<string, ErrorText>>): ReadonlyMap<string, string> {
  const rows = Object.entries(errors);
  const pages = new Map(rows.map(([code, text]) => [`errors/${code}.md`, renderPage(code, text)]));
  return pages.set('errors/README.md', renderIndex(rows));
}

const NOTE = '<!-- Made from packages/proto/src/errors.ts by `npm run docs`. -->';

function renderPage(code: string, { status, title, remedy }: ErrorText): string {
  return `${NOTE}
# \`${code}\`: ${title}

**What to do.** ${remedy}

| | |
|---|---|
| HTTP status | ${status} |
| \`type\` in problem+json | \`/docs/errors/${code}\` |
| \`code\` in the SDK | \`${code}\` |

The \`detail\` of each answer says what was tried, on which device, and what came back.
`;
}

function renderIndex(rows: readonly (readonly [string, ErrorText])[]): string {
  const lines = rows.map(([code, { status, title }]) => `| [\`${code}\`](${code}.md) | ${status} | ${title} |`);
  return `${NOTE}
# Errors

The closed list: every failure that Cloudless reports has one of these codes.

| code | HTTP | meaning |
|---|---|---|
${lines.join('\n')}
`;
}
