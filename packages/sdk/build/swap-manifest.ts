import { readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';

/**
 * npm packs the package.json that lies here, and only that. Here its `exports` must name the sources, which Node refuses inside
 * node_modules; in the archive they must name what was built. So `prepack` puts the packed manifest in place and `postpack` the source
 * one, which waits in `dist` meanwhile: a pack that was killed between is put right by the next.
 */
type Manifest = Readonly<Record<string, unknown>> & { readonly dependencies: Readonly<Record<string, string>> };

const at = (path: string): URL => new URL(path, import.meta.url);
const MANIFEST = at('../package.json');
const KEPT = at('../dist/package.source.json');

function toPacked({ private: _private, scripts: _scripts, devDependencies: _dev, ...source }: Manifest): object {
  return {
    ...source,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: Object.fromEntries(Object.entries(source.dependencies).filter(([name]) => !name.startsWith('@cloudless/'))),
  };
}

function restoreSource(): void {
  if (!existsSync(KEPT)) return;
  const isPacked = !('scripts' in (JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest));
  if (isPacked) writeFileSync(MANIFEST, readFileSync(KEPT));
  rmSync(KEPT);
}

restoreSource();
if (process.argv[2] === 'packed') {
  const source = readFileSync(MANIFEST, 'utf8');
  writeFileSync(KEPT, source);
  writeFileSync(MANIFEST, `${JSON.stringify(toPacked(JSON.parse(source) as Manifest), null, 2)}\n`);
}
