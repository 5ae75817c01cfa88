export { buildAgent } from '../agent-bundle/build-agent.ts';
export { startOwnEngine } from '../engine/own-engine.ts';
export { dataFolderAt, type DataFolder } from '../start/data-folder.ts';
export { type StartOptions } from '../start/options.ts';
export { planParts } from '../start/part-plans.ts';
export { supervise, type Part, type PartPlan } from '../start/supervise.ts';
export { claimByApi, createToken, OWNER } from './owner.ts';
export { freePort, startProduct, type Product, type ProductOptions } from './product.ts';
export { fingerprintOf, importImage, killContainer, listContainers, removeContainers, type OwnedContainer } from './owned-containers.ts';
