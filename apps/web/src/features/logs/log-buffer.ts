import type { LogLine } from '@cloudless/proto';

/** Lines that a page holds; the download of all is the API's. */
export const MAX_LINES = 20_000;

export type LogEntry =
  | { readonly kind: 'line'; readonly key: string; readonly line: LogLine }
  | { readonly kind: 'gap'; readonly key: string; readonly allocationId: string; readonly message: string };

export type LogBuffer = {
  readonly entries: readonly LogEntry[];
  /** Entries that came so far, dropped ones included. */
  readonly total: number;
  /** Where each replica's lines have got to: a resumed stream may repeat. */
  readonly cursors: ReadonlyMap<string, string>;
};

export const EMPTY_BUFFER: LogBuffer = { entries: [], total: 0, cursors: new Map() };

/** Adds what is new of `lines`; the oldest fall out. */
export function addLines(buffer: LogBuffer, lines: readonly LogLine[]): LogBuffer {
  const cursors = new Map(buffer.cursors);
  const added: LogEntry[] = [];
  for (const line of lines) {
    const last = cursors.get(line.allocationId);
    if (last !== undefined && line.cursor <= last) continue;
    cursors.set(line.allocationId, line.cursor);
    added.push({ kind: 'line', key: `${line.allocationId} ${line.cursor}`, line });
  }
  return { entries: [...buffer.entries, ...added].slice(-MAX_LINES), total: buffer.total + added.length, cursors };
}

export function addGap(buffer: LogBuffer, allocationId: string, message: string): LogBuffer {
  const gap: LogEntry = { kind: 'gap', key: `gap ${buffer.total}`, allocationId, message };
  return { ...buffer, entries: [...buffer.entries, gap].slice(-MAX_LINES), total: buffer.total + 1 };
}

export type LogFilter = { readonly text: string; readonly stream: 'all' | 'stdout' | 'stderr' };

export function filterEntries(entries: readonly LogEntry[], { text, stream }: LogFilter): readonly LogEntry[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '' && stream === 'all') return entries;
  return entries.filter(
    (entry) =>
      entry.kind === 'gap' || ((stream === 'all' || entry.line.stream === stream) && entry.line.text.toLowerCase().includes(wanted)),
  );
}

export const toText = (entries: readonly LogEntry[], nameOf: (allocationId: string) => string): string =>
  entries
    .map((entry) =>
      entry.kind === 'gap'
        ? `# ${nameOf(entry.allocationId)}: ${entry.message}`
        : `${new Date(entry.line.at).toISOString()} ${nameOf(entry.line.allocationId)} ${entry.line.stream} ${stripAnsi(entry.line.text)}`,
    )
    .join('\n');

// oxlint-disable-next-line eslint/no-control-regex
const SGR = /\u001B\[([\d;]*)m/g;
// oxlint-disable-next-line eslint/no-control-regex
const OTHER = /\u001B(?:\[[\d;?]*[A-Za-ln-z]|\][^\u0007]*\u0007)/g;
export const stripAnsi = (text: string): string => text.replaceAll(OTHER, '').replaceAll(SGR, '');

export type Span = { readonly text: string; readonly colour: number | undefined; readonly bold: boolean };

/** Text with its SGR colours (ECMA-48 §8.3.117): the eight of 30–37 and 90–97, and bold. Everything else is left out. */
export function parseAnsi(text: string): readonly Span[] {
  const clean = text.replaceAll(OTHER, '');
  const spans: Span[] = [];
  let colour: number | undefined;
  let bold = false;
  let from = 0;
  const push = (to: number): void => {
    if (to > from) spans.push({ text: clean.slice(from, to), colour, bold });
  };
  for (const match of clean.matchAll(SGR)) {
    push(match.index);
    from = match.index + match[0].length;
    for (const code of (match[1] === '' ? '0' : (match[1] ?? '0')).split(';').map(Number)) {
      if (code === 0) [colour, bold] = [undefined, false];
      else if (code === 1) bold = true;
      else if (code === 22) bold = false;
      else if (code === 39) colour = undefined;
      else if (code >= 30 && code <= 37) colour = code - 30;
      else if (code >= 90 && code <= 97) colour = code - 90;
    }
  }
  push(clean.length);
  return spans;
}
