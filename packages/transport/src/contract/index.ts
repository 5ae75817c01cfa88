export { createPair, type Front } from '../testing/websocket-pair.ts';
export { describeLinkContract } from './link-contract.ts';
