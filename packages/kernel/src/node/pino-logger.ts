import { pino, type DestinationStream } from 'pino';
import type { Logger, WideEvent } from '../logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * Wide events as JSON lines.
 *
 * @param name the process: `coordinator`, `agent`, …
 * @param destination where lines go; standard output when absent
 */
export function createPinoLogger(name: string, level: LogLevel, destination?: DestinationStream): Logger {
  const options = { name, level, messageKey: 'op', errorKey: 'cause' };
  const base = destination ? pino(options, destination) : pino(options);
  const wrap = (log: pino.Logger): Logger => {
    const at = (method: 'debug' | 'info' | 'warn' | 'error') => (event: WideEvent, cause?: unknown) => {
      const { op, ...fields } = event;
      log[method](cause === undefined ? fields : { ...fields, cause }, op);
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: (fields) => wrap(log.child(fields)) };
  };
  return wrap(base);
}
