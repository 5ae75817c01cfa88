import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ERRORS } from '@cloudless/proto';
import { renderErrorPages } from './docs/error-pages.ts';
import { renderOpenApi } from './docs/openapi.ts';
import { REPOSITORY } from './programs/repository.ts';

/** `npm run docs`: writes the pages that are made from code. */
const pages = new Map(renderErrorPages(ERRORS)).set('openapi.json', renderOpenApi());
for (const [path, text] of pages) {
  const file = join(REPOSITORY, 'docs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`docs: ${pages.size} pages written`);
