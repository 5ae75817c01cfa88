import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CAUSE_CODES, ERRORS } from '@cloudless/proto';
import { describe, expect, test } from 'vitest';
import { renderErrorPages } from '../docs/error-pages.ts';
import { listFiles, readSource, REPOSITORY } from '../programs/repository.ts';
import { findBannedPaths, findIndexFaults, findLongFiles, findStalePages, findUnlistedCauses, findWorkplaceNames } from './rules.ts';
import { findAliases, findBannedNames, findUntranslated } from './syntax-rules.ts';

const ROOTS = ['apps', 'packages', 'sim', 'e2e', 'bench', 'tools', 'docs', 'docker', '.ci'].filter((root) =>
  existsSync(join(REPOSITORY, root)),
);
const PATHS = ROOTS.flatMap((root) => listFiles(root));
const TEXT = /\.(ts|tsx|mjs|cjs|json|md|css|sql|prisma|yml|sh)$|\.ci\/run$/;
const SOURCES = PATHS.filter((path) => TEXT.test(path)).map((path) => readSource(path));
const CODE = SOURCES.filter(({ path }) => /\.tsx?$/.test(path));
const PACKAGES = [...new Set(PATHS.filter((path) => path.startsWith('packages/')).map((path) => path.split('/').slice(0, 2).join('/')))];
const DEEP = [
  'packages/db',
  'packages/scheduler',
  'packages/transport',
  'packages/identity',
  'apps/agent',
  'apps/coordinator/src/control-plane',
];
const CLOCKED = /^(packages\/(?!ui)|apps\/(agent|coordinator)|sim)/;

describe('the repository', () => {
  test('has more than fifty source files, so that these rules see it', () => expect(CODE.length).toBeGreaterThan(50));
  test('has no source file over 500 lines', () => expect(findLongFiles(SOURCES)).toEqual([]));
  test('has no folder or file whose name says nothing', () => expect(findBannedPaths(PATHS)).toEqual([]));
  test('declares no name that says nothing', () => expect(CODE.flatMap(findBannedNames)).toEqual([]));
  test('never aliases what the lint bans watch', () =>
    expect(CODE.filter(({ path }) => CLOCKED.test(path)).flatMap(findAliases)).toEqual([]));
  test('shows no untranslated text', () => {
    expect(
      CODE.filter(({ path }) => /^(apps\/web|packages\/ui)\/.*\.tsx$/.test(path) && !path.includes('.test.')).flatMap(findUntranslated),
    ).toEqual([]);
  });
  test('names no place where it was written', () =>
    expect(
      findWorkplaceNames([...SOURCES, ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((path) => readSource(path))]),
    ).toEqual([]));
  test.each(PACKAGES)('%s has one public index', (folder) => {
    expect(findIndexFaults(folder, readSource(`${folder}/package.json`).text, PATHS)).toEqual([]);
  });
  test.each(DEEP)('%s argues its design in a DESIGN.md', (folder) => {
    expect(existsSync(join(REPOSITORY, folder, 'DESIGN.md'))).toBe(true);
  });
  test('gives no cause that is on no list', () =>
    expect(findUnlistedCauses(CODE, new Set<string>([...CAUSE_CODES, ...Object.keys(ERRORS)]))).toEqual([]));
  test('documents every error code, and no other', () => {
    const present = new Map(
      PATHS.filter((path) => path.startsWith('docs/errors/')).map((path) => [path.slice('docs/'.length), readSource(path).text]),
    );
    expect(findStalePages(renderErrorPages(ERRORS), present)).toEqual([]);
  });
});
