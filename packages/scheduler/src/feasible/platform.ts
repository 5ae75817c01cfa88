import { nameNodes, paramsOfNodes, type AskFilter } from './filter.ts';

/**
 * The image runs on the device's architecture. What an image is built for is learnt from the engine that pulled it, so an
 * architecture passes until the engine of such a device has answered `image_platform_mismatch` for this template.
 */
export const platform: AskFilter = {
  kind: 'ask',
  name: 'platform',
  concerns: (ask) => ask.refusedArches.size > 0,
  check: (ask, node) => !ask.refusedArches.has(node.row.fingerprint?.arch ?? 'other'),
  explain(ask, refused) {
    const arches = [...new Set(refused.map((node) => node.row.fingerprint?.arch ?? 'other'))].sort().join(', ');
    return {
      message: `${ask.image} is not built for ${arches} (${nameNodes(refused)})`,
      params: { image: ask.image, arches, ...paramsOfNodes(refused) },
    };
  },
};
