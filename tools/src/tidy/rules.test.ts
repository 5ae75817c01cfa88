import { describe, expect, test } from 'vitest';
import { findBannedPaths, findIndexFaults, findLongFiles, findStalePages, findUnlistedCauses, findWorkplaceNames } from './rules.ts';
import { findAliases, findBannedNames, findUntranslated } from './syntax-rules.ts';

const file = (text: string, path = 'packages/x/src/a.ts') => ({ path, text });

/** A gate that never failed is not a gate: each rule meets what it is against. */
describe('each rule fires on a planted violation', () => {
  test('a source file of 501 lines', () => {
    expect(findLongFiles([file('x\n'.repeat(501)), file('x\n'.repeat(500))])).toEqual([
      'packages/x/src/a.ts: 501 lines, and 500 are the most',
    ]);
  });

  test('a folder of helpers', () => {
    expect(findBannedPaths(['packages/x/src/utils/a.ts', 'packages/x/src/string-helper.ts', 'packages/x/src/commons.ts'])).toHaveLength(2);
  });

  test('a name that says nothing', () => {
    expect(findBannedNames(file('export class NodeManager {}\nconst urlUtils = 1;\ntype Managed = 1;'))).toEqual([
      'packages/x/src/a.ts:1: "NodeManager": the word "manager" says nothing',
      'packages/x/src/a.ts:2: "urlUtils": the word "utils" says nothing',
    ]);
  });

  test('an alias of Math or process', () => {
    expect(findAliases(file('const M = Math; M.random();\nconst { env } = process;\nMath["random"]();\nMath.max(1, 2);'))).toHaveLength(3);
  });

  test('text outside the message catalogue', () => {
    const page = file('export const A = () => <p title="Hello there">Good day {name}, 1 · <b>{t("x")}</b></p>;', 'apps/web/app/page.tsx');
    expect(findUntranslated(page)).toEqual([
      'apps/web/app/page.tsx:1: untranslated title "Hello there"',
      'apps/web/app/page.tsx:1: untranslated text "Good day"',
    ]);
  });

  test('a place where it was written', () => {
    expect(findWorkplaceNames([file(`see ${['', 'work', 'main'].join('/')}/x`), file('works/main')])).toHaveLength(1);
  });

  test('a barrel, and a package without a face', () => {
    const manifest = '{"exports":{".":"./src/index.ts"}}';
    expect(findIndexFaults('packages/x', manifest, ['packages/x/src/index.ts', 'packages/x/src/a/index.ts'])).toEqual([
      'packages/x/src/a/index.ts: an index that exports do not name is a barrel',
    ]);
    expect(findIndexFaults('packages/x', manifest, [])).toEqual(['packages/x: has no public src/index.ts']);
  });

  test('a page that is stale, missing or left over', () => {
    const wanted = new Map([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(
      findStalePages(
        wanted,
        new Map([
          ['a', 'old'],
          ['c', '3'],
        ]),
      ),
    ).toHaveLength(3);
  });

  test('a cause that is on no list', () => {
    const made = [
      file("const cause = { code: 'known', message };", 'packages/scheduler/src/a.ts'),
      file("const cause = {\n  code: 'stray',\n  message,\n};", 'apps/agent/src/reconcile/a.ts'),
      file("verdict('lost', 'vanished', 'It vanished.')", 'apps/coordinator/src/node-sessions/judge-liveness.ts'),
      file("link.close({ code: 'closed', message })", 'apps/coordinator/src/node-sessions/session.ts'),
    ];
    expect(findUnlistedCauses(made, new Set(['known']))).toEqual([
      'apps/agent/src/reconcile/a.ts: the cause stray is not in packages/proto/src/causes.ts',
      'apps/coordinator/src/node-sessions/judge-liveness.ts: the cause vanished is not in packages/proto/src/causes.ts',
    ]);
  });
});
