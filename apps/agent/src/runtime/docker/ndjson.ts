import { StringDecoder } from 'node:string_decoder';

/** Longest line that is waited for. */
const MAX_LINE_CHARS = 4 * 2 ** 20;

/** Objects of a stream of newline-delimited JSON; lines that are none are passed over. */
export async function* readJsonLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<object> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.write(Buffer.from(chunk));
    const lines = rest.split('\n');
    rest = (lines.pop() ?? '').slice(-MAX_LINE_CHARS);
    for (const line of lines) {
      const value = parse(line);
      if (value) yield value;
    }
  }
  const value = parse(rest);
  if (value) yield value;
}

function parse(line: string): object | undefined {
  if (line.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
