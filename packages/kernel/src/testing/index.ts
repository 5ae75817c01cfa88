export { createManualClock, type ManualClock } from './manual-clock.ts';
export { createSeededEntropy } from './seeded-entropy.ts';
export { createMemoryLogger, type MemoryLogger } from './memory-logger.ts';
