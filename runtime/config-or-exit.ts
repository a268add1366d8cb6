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
    // Without the error itself: its stack is of no use to whoever sets the variables, and repeats every fault.
    createLogger({ name, level: 'fatal' }).fatal({ code: error.code }, error.message);
    process.exit(1);
  }
}
