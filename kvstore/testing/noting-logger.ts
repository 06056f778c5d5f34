import type { Logger } from '../../model/logger.ts';

/** Keeps `level message` of each line in `lines`; with `debug` also of those that usually nobody sees. */
export function notingLogger(lines: string[], { debug } = { debug: false }): Logger {
  const note =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  const logger: Logger = {
    debug: debug ? note('debug') : () => undefined,
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => logger,
  };
  return logger;
}
