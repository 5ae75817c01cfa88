import { pack } from 'tar-stream';

/** A file or folder of an archive; a folder has no body. */
export type TarEntry = { readonly name: string; readonly mode: number; readonly body?: Uint8Array };

/** The archive's bytes. The same entries give the same bytes: owner root, time 0. */
export async function writeTar(entries: readonly TarEntry[]): Promise<Uint8Array> {
  const archive = pack();
  const chunks: Uint8Array[] = [];
  const read = (async () => {
    for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  })();
  for (const { name, mode, body } of entries) {
    const header = {
      name,
      mode,
      uid: 0,
      gid: 0,
      mtime: new Date(0),
      type: body ? ('file' as const) : ('directory' as const),
      size: body?.byteLength ?? 0,
    };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    archive.entry(header, Buffer.from(body ?? []), (error) => (error ? reject(error) : resolve()));
    await promise;
  }
  archive.finalize();
  await read;
  return Buffer.concat(chunks);
}
