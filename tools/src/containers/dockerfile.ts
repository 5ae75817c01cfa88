export type Copy = { readonly stage: string | undefined; readonly sources: readonly string[] };

/** What is judged of a Dockerfile. */
export type Dockerfile = {
  readonly images: readonly string[];
  readonly stages: readonly string[];
  readonly copies: readonly Copy[];
  /** Of the last stage. */
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly command: readonly string[];
};

/** Reads the instructions that are judged; a subset of the language, without heredocs and escapes in words. */
export function parseDockerfile(text: string): Dockerfile {
  const lines = text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));
  const last = lines.slice(lines.findLastIndex(([word]) => word === 'FROM'));
  const wordsOf = (instruction: string) => last.filter(([word]) => word === instruction).flatMap(([, ...words]) => words);
  return {
    images: lines.flatMap(([word, image = '']) => (word === 'FROM' ? [image] : [])),
    stages: lines.flatMap(([word, , , stage]) => (word === 'FROM' && stage !== undefined ? [stage] : [])),
    copies: lines.flatMap(([word, ...words]): Copy[] => {
      if (word !== 'COPY') return [];
      const [stage] = words.flatMap((each) => (each.startsWith('--from=') ? [each.slice('--from='.length)] : []));
      return [{ stage, sources: words.filter((each) => !each.startsWith('--')).slice(0, -1) }];
    }),
    environment: Object.fromEntries(wordsOf('ENV').map((pair) => pair.split('=', 2) as [string, string])),
    user: wordsOf('USER').at(-1),
    command: JSON.parse(wordsOf('CMD').join(' ') || '[]') as readonly string[],
  };
}
