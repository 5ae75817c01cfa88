export { startOwnEngine } from '../engine/own-engine.ts';
export { claimByApi, createToken, OWNER } from './owner.ts';
export { freePort, startProduct, type Product, type ProductOptions } from './product.ts';
export { fingerprintOf, importImage, killContainer, listContainers, removeContainers, type OwnedContainer } from './owned-containers.ts';
