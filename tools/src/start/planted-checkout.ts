import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TemporaryFolder } from '../programs/temporary-folder.ts';
import { REPOSITORY } from '../programs/repository.ts';
import { plantTree } from '../tidy/planted-tree.ts';

/** Stands for the coordinator: answers, leaves a claim code and a key, ends on TERM. */
const COORDINATOR = `
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
const data = process.env['CLOUDLESS_DATA'];
mkdirSync(data + '/coordinator', { recursive: true });
writeFileSync(data + '/coordinator/claim-code', 'ABCD-EFGH');
writeFileSync(data + '/coordinator/master.key', 'key');
createServer((_, response) => response.end('ok')).listen(Number(process.env['CLOUDLESS_PORT']), process.env['CLOUDLESS_HOST']);
process.on('SIGTERM', () => process.exit(0));
`;
const BUILD = `
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('.next/static', { recursive: true });
mkdirSync('.next/standalone/apps/web', { recursive: true });
writeFileSync('.next/standalone/apps/web/server.js', 'setInterval(() => undefined, 1000);');
`;

/** A checkout with the real tools and stubs for the three parts. */
export function plantCheckout(): TemporaryFolder {
  const tree = plantTree(
    {
      'package.json': JSON.stringify({
        name: 'planted',
        private: true,
        type: 'module',
        packageManager: 'npm@11.0.0',
        workspaces: ['apps/*'],
      }),
      'package-lock.json': '{"lockfileVersion":3,"packages":{}}',
      'apps/coordinator/src/main.ts': COORDINATOR,
      'apps/agent/src/main.ts': 'setInterval(() => undefined, 1000);',
      'apps/web/package.json': JSON.stringify({
        name: '@cloudless/web',
        version: '1.0.0',
        type: 'module',
        scripts: { build: 'node build.mjs' },
      }),
      'apps/web/build.mjs': BUILD,
      ...Object.fromEntries(['ui', 'sdk', 'proto', 'kernel'].map((name) => [`packages/${name}/a.txt`, ''])),
    },
    ['turbo.json'],
  );
  cpSync(join(REPOSITORY, 'tools'), join(tree.path, 'tools'), { recursive: true, filter: (path) => !path.includes('node_modules') });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(tree.path, 'node_modules'));
  return tree;
}
