export { createRealClock } from './real-clock.ts';
export { createRealEntropy } from './real-entropy.ts';
export { createPinoLogger, type LogLevel } from './pino-logger.ts';
