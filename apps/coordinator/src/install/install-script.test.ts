import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { writeCommands } from './commands.ts';
import { renderInstallScript } from './install-script.ts';

const FACTS = {
  base: 'https://10.0.0.1:7600',
  agentSha256: 'a'.repeat(64),
  nodeMajor: 26,
  nodeSources: { 'linux-x64': { kind: 'binary', sha256: 'b'.repeat(64) }, 'darwin-arm64': { kind: 'package', sha512: 'c'.repeat(128) } },
} as const;

describe('the installer', () => {
  it('is a shell script, with every place filled in', () => {
    const script = renderInstallScript(FACTS);
    execFileSync('sh', ['-n'], { input: script });
    expect(script).not.toMatch(/@[A-Z_0-9]+@/);
    for (const part of [FACTS.base, FACTS.agentSha256, 'b'.repeat(64), 'c'.repeat(128), 'package/bin/node']) expect(script).toContain(part);
  });

  it.each(["https://x'; rm -rf /; '", 'https://$(id)', 'https://a b'])('is not written for %s', (base) => {
    expect(() => renderInstallScript({ ...FACTS, base })).toThrow(/invariant broken/);
  });
});

describe('the command of the dialog', () => {
  const offer = { token: `cl1.${'h'.repeat(43)}.join_${'a'.repeat(26)}.${'s'.repeat(32)}`, code: 'ABCD-EFGH' };
  it('pins a key that no authority vouches for, and nothing where one does', () => {
    expect(writeCommands({ url: FACTS.base, pin: 'PIN=' }, offer, FACTS.agentSha256).command).toBe(
      `curl -fsSk --pinnedpubkey 'sha256//PIN=' 'https://10.0.0.1:7600/install' -w '%{onerror}exit %{exitcode}' | sh -s -- ${offer.token} ${FACTS.agentSha256}`,
    );
    expect(writeCommands({ url: 'https://home.example.org/x', pin: undefined }, offer, '').command).toBe(
      `curl -fsS 'https://home.example.org/x/install' -w '%{onerror}exit %{exitcode}' | sh -s -- ${offer.token}`,
    );
  });
  it('ends with the status of curl when no installer came', () => {
    const { command } = writeCommands({ url: 'http://127.0.0.1:1', pin: undefined }, offer, '');
    expect(spawnSync('sh', ['-c', command]).status).toBe(7);
  });
  it('carries secrets of a QR in the fragment only', () => {
    const { url } = writeCommands({ url: FACTS.base, pin: undefined }, offer, '');
    expect(new URL(url).hash).toBe(`#${offer.token}`);
    expect(`${new URL(url).pathname}${new URL(url).search}`).toBe('/add');
  });
});
