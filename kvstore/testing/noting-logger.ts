import type { Logger } from '../../model/logger.ts';

/** Keeps `level message` of each line in `lines`, debug aside. */
export function notingLogger(lines: string[]): Logger {
  const note =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  const logger: Logger = {
    debug: () => undefined,
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => logger,
  };
  return logger;
}
