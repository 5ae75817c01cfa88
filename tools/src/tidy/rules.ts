import type { SourceFile } from '../programs/repository.ts';

/** One place that breaks a rule: where, and what is wrong there. */
export type Finding = `${string}: ${string}`;

const SOURCE_LINES = 500;
const isSource = (path: string): boolean => /\.(ts|tsx|mjs|cjs|css)$/.test(path);

/** No source file is longer than a person reads in one go. */
export function findLongFiles(files: readonly SourceFile[]): readonly Finding[] {
  return files
    .filter(({ path }) => isSource(path))
    .flatMap(({ path, text }): Finding[] => {
      const lines = text.split('\n').length - 1;
      return lines > SOURCE_LINES ? [`${path}: ${lines} lines, and ${SOURCE_LINES} are the most`] : [];
    });
}

const BANNED_PATH_WORDS = new Set(['manager', 'helper', 'helpers', 'util', 'utils', 'common', 'shared', 'misc', 'legacy', 'obj', 'v2']);

/** File and folder names say what is in them. */
export function findBannedPaths(paths: readonly string[]): readonly Finding[] {
  return paths.flatMap((path): Finding[] => {
    const word = path.split(/[/._-]/).find((part) => BANNED_PATH_WORDS.has(part.toLowerCase()));
    return word === undefined ? [] : [`${path}: "${word}" says nothing of what is in it`];
  });
}

/** Each package has one public index, which its `exports` names; an index elsewhere is a barrel unless it is exported too. */
export function findIndexFaults(packageFolder: string, packageJson: string, paths: readonly string[]): readonly Finding[] {
  const { exports = {} } = JSON.parse(packageJson) as { exports?: Record<string, string> };
  const faces = new Set(Object.values(exports).map((target) => `${packageFolder}/${target.replace('./', '')}`));
  const indexes = paths.filter((path) => path.startsWith(`${packageFolder}/`) && /\/index\.tsx?$/.test(path));
  const missing: Finding[] =
    faces.has(`${packageFolder}/src/index.ts`) && paths.includes(`${packageFolder}/src/index.ts`)
      ? []
      : [`${packageFolder}: has no public src/index.ts`];
  return [
    ...missing,
    ...indexes.filter((path) => !faces.has(path)).map((path): Finding => `${path}: an index that exports do not name is a barrel`),
  ];
}

/** Paths and names of places where this was written, which mean nothing to who reads it. Spelled in parts, so as not to find itself. */
const WORKPLACE = [['', 'work', '(main|shared|brief|[.]library)'].join('/'), ['shared', 'design'].join('/'), ['bash', 'jobs'].join('_')];

export function findWorkplaceNames(files: readonly SourceFile[]): readonly Finding[] {
  const pattern = new RegExp(WORKPLACE.join('|'));
  return files.flatMap(({ path, text }): Finding[] => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [`${path}: names "${found}"`];
  });
}

/** Pages in `docs/` that differ from what the code makes. */
export function findStalePages(wanted: ReadonlyMap<string, string>, present: ReadonlyMap<string, string>): readonly Finding[] {
  const stale = [...wanted]
    .filter(([path, text]) => present.get(path) !== text)
    .map(([path]): Finding => `${path}: is not what the code makes; run npm run docs`);
  const orphans = [...present.keys()].filter((path) => !wanted.has(path)).map((path): Finding => `${path}: no code makes this page`);
  return [...stale, ...orphans];
}

/** Where causes are made that people read. Elsewhere `code` also names why a connection was closed, or a fault of the configuration. */
const CAUSES_ARE_MADE_IN =
  /^(packages\/scheduler|apps\/agent\/src\/(reconcile|lending|leases|runtime)|apps\/coordinator\/src\/(planner|api|lead|node-sessions\/(judge-liveness|departures)))/;
const CAUSE_MADE = /\bcode: '(\w+)',\s*message\b|\bverdict\('\w+', '(\w+)'/g;

/** Codes of causes that are on no closed list, so that the dashboard may have no sentence for them. */
export function findUnlistedCauses(files: readonly SourceFile[], listed: ReadonlySet<string>): readonly Finding[] {
  return files
    .filter(({ path }) => CAUSES_ARE_MADE_IN.test(path) && !/\.test\.|\/(testing|contract|fake)\//.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(CAUSE_MADE)]
        .map(([, literal, judged]) => literal ?? judged ?? '')
        .filter((code) => !listed.has(code))
        .map((code): Finding => `${path}: the cause ${code} is not in packages/proto/src/causes.ts`),
    );
}
