import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/**
 * A program of its own, `hash FILE` or `compress FILE INTO`: a hundred MiB that pass through the coordinator leave it that much larger for as
 * long as it runs. Prints the SHA-256 of the file (hex), or nothing.
 */
const [what, file = '', into = ''] = process.argv.slice(2);

if (what === 'compress') await pipeline(createReadStream(file), createGzip({ level: 6 }), createWriteStream(into));
else {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  process.stdout.write(hash.digest('hex'));
}
