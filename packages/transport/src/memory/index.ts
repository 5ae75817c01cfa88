export { createMemoryLinkPair, type MemoryLinkOptions, type MemoryLinkPair } from './memory-link.ts';
