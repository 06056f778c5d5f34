import { destination, pino, stdTimeFunctions, type Logger as Pino } from 'pino';
import type { Logger } from '../model/logger.ts';
import type { LogLevel } from './config/settings.ts';

/** JSON lines on standard error: level, time (ISO 8601), msg, fields. */
export function createLogger(level: LogLevel): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(pino(options, destination({ dest: 2, sync: true })));
}

function wrap(log: Pino): Logger {
  return {
    debug: (message, fields) => {
      log.debug(fields ?? {}, message);
    },
    info: (message, fields) => {
      log.info(fields ?? {}, message);
    },
    warn: (message, fields) => {
      log.warn(fields ?? {}, message);
    },
    error: (message, fields) => {
      log.error(fields ?? {}, message);
    },
    child: (fields) => wrap(log.child(fields)),
  };
}
