import { ConfigurationError } from './environment.ts';
import { createLogger } from './logger.ts';

/**
 * Reads a program's configuration; where it has faults, they are logged, and the process exits with 1.
 *
 * @param name the program's, for its log line
 * @param read throws a ConfigurationError, whose message names variables and no values
 */
export function configOrExit<Config>(name: string, read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    createLogger({ name, level: 'fatal' }).fatal({ err: error }, error.message);
    process.exit(1);
  }
}
