import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rollup, type Plugin } from 'rollup';
import { dts } from 'rollup-plugin-dts';

/** Our own packages have no release: their code and types go into this one. All else stays a dependency. */
const OURS = /^@cloudless\//;
const isExternal = (id: string): boolean => !OURS.test(id) && !/^[./]/.test(id);

/** Finds our packages as Node does. */
const resolveOurs: Plugin = { name: 'ours', resolveId: (id) => (OURS.test(id) ? fileURLToPath(import.meta.resolve(id)) : null) };

/** Strips types as Node does, so that what is packed is what runs here. */
const strip: Plugin = { name: 'strip', transform: (code) => ({ code: stripTypeScriptTypes(code), map: null }) };

const inFolder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function bundle(plugins: readonly Plugin[], file: string): Promise<void> {
  const built = await rollup({
    input: inFolder('../src/index.ts'),
    external: isExternal,
    plugins: [resolveOurs, ...plugins],
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  await built.write({ file, format: 'es' });
  await built.close();
}

await bundle([strip], inFolder('../dist/index.js'));
await bundle([dts({ tsconfig: inFolder('../tsconfig.json') })], inFolder('../dist/index.d.ts'));
