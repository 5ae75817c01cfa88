import { readFileSync } from 'node:fs';
import type { NodePlatform, NodeSource } from './node-packages.ts';

const TEMPLATE = readFileSync(new URL('./install.sh', import.meta.url), 'utf8');
const LAUNCHER = readFileSync(new URL('./launcher.sh', import.meta.url), 'utf8').trimEnd();

export type ScriptFacts = {
  /** Where the script was fetched from, without a slash at the end. */
  readonly base: string;
  /** Empty when there is no agent to install. */
  readonly agentSha256: string;
  readonly nodeMajor: number;
  readonly nodeSources: Readonly<Partial<Record<NodePlatform, NodeSource>>>;
};

/** What may stand in single quotes of a shell, as it is. */
const isPlain = (text: string): boolean => /^[A-Za-z0-9:/.[\]_~%-]*$/.test(text);

function fetchLines(platform: string, source: NodeSource): string {
  const path = `/install/node/${platform}?join=$JOIN`;
  const lines =
    source.kind === 'binary'
      ? [
          `fetch "${path}" "$node.gz"`,
          'gzip -dc "$node.gz" >"$node.new" || fail pin "The Node.js that came is damaged."',
          `check 256 ${source.sha256} "$node.new"`,
          'mv -f "$node.new" "$node"; rm -f "$node.gz"',
        ]
      : [
          `fetch "${path}" "$node.tgz"`,
          `check 512 ${source.sha512} "$node.tgz"`,
          'gzip -dc "$node.tgz" | tar -xO -f - package/bin/node >"$node.new" || fail pin "The Node.js that came is damaged."',
          'mv -f "$node.new" "$node"; rm -f "$node.tgz"',
        ];
  return [`      ${platform})`, ...lines.map((line) => `        ${line}`), '        ;;'].join('\n');
}

/**
 * The installer for one address.
 * @throws Error when the address holds what a shell would read
 */
export function renderInstallScript({ base, agentSha256, nodeMajor, nodeSources }: ScriptFacts): string {
  if (!isPlain(base)) throw new Error(`invariant broken: ${JSON.stringify(base)} is no plain address`);
  const sources = Object.entries(nodeSources).map(([platform, source]) => fetchLines(platform, source));
  const values: Readonly<Record<string, string>> = {
    BASE: base,
    AGENT_SHA256: agentSha256,
    NODE_MAJOR: String(nodeMajor),
    NODE_SOURCES: sources.join('\n'),
    LAUNCHER,
  };
  return TEMPLATE.replaceAll(/@([A-Z0-9_]+)@/g, (whole, name: string) => values[name] ?? whole);
}
