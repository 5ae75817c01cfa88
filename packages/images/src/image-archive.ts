import { createHash } from 'node:crypto';
import { writeTar, type TarEntry } from './tar-archive.ts';

export type ImageParts = {
  /** Name and tag that it gets. */
  readonly image: string;
  /** `linux/amd64`, … */
  readonly platform: string;
  /** Everything in it: there is no base image. */
  readonly files: readonly TarEntry[];
  /** `User`, `Entrypoint`, … (OCI image configuration, `config`). */
  readonly config: Readonly<Record<string, unknown>>;
};

const EPOCH = '1970-01-01T00:00:00Z';
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** An image FROM scratch in `docker save` format (Docker Image Specification v1.2), one layer. The same parts give the same bytes. */
export async function writeImageArchive({ image, platform, files, config }: ImageParts): Promise<Uint8Array> {
  const layer = await writeTar(files);
  const [os, architecture] = platform.split('/');
  const configuration = JSON.stringify({
    architecture,
    os,
    created: EPOCH,
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: EPOCH, created_by: 'cloudless' }],
  });
  const configName = `${sha256(configuration)}.json`;
  const manifest = JSON.stringify([{ Config: configName, RepoTags: [image], Layers: ['layer.tar'] }]);
  return writeTar([
    { name: 'layer.tar', mode: 0o644, body: layer },
    { name: configName, mode: 0o644, body: Buffer.from(configuration) },
    { name: 'manifest.json', mode: 0o644, body: Buffer.from(manifest) },
  ]);
}
