export { createPair, type Front } from '../testing/tls-pair.ts';
export { describeLinkContract } from './link-contract.ts';
