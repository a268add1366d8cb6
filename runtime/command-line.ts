import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { scrubText } from './scrub.ts';

/** A command line that is not understood. The message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Command<Options extends ParseArgsOptionsConfig, Required extends string> {
  /** As npm knows it, such as `member:erase`. */
  readonly name: string;
  /** What comes after `npm run NAME -- `; empty where nothing does. */
  readonly synopsis: string;
  /** A line for each option, or what else there is to say. */
  readonly about: string;
  readonly options?: Options;
  /** Options that must be there and have a value. */
  readonly required?: readonly Required[];
  /** How many words may stand beside the options, at least and at most; none by default. */
  readonly words?: readonly [least: number, most: number];
}

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>;

export interface CommandLine<Options extends ParseArgsOptionsConfig, Required extends string> {
  readonly values: Parsed<Options>['values'] & { readonly [name in Required]: string };
  readonly words: readonly string[];
}

/** Where a command says what it found (`say`), and what is wrong (`complain`). */
export interface Output {
  say(text: string): void;
  complain(text: string): void;
}

export const consoleOutput: Output = { say: (text) => console.log(text), complain: (text) => console.error(text) };

/**
 * Runs a command, the same way for all of them: `--help` prints its usage and ends with 0; what is not understood is said, with the usage, and ends
 * with 2. Neither needs an environment.
 *
 * @param run may throw a UsageError too, for what only the command itself can judge
 * @returns the exit code
 */
export async function runCommand<const Options extends ParseArgsOptionsConfig, const Required extends string = never>(
  command: Command<Options, Required>,
  args: string[],
  output: Output,
  run: (line: CommandLine<Options, Required>) => Promise<number>,
): Promise<number> {
  const { name, synopsis, about } = command;
  const usage = `Usage: npm run ${name}${synopsis && ` -- ${synopsis}`}\n\n${about}`;
  try {
    const line = readLine(command, args);
    if (line !== 'help') return await run(line);
    output.say(usage);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    output.complain(`${name}: ${error.message}\n\n${usage}`);
    return 2;
  }
}

function readLine<Options extends ParseArgsOptionsConfig, Required extends string>(
  { options, required = [], words: [least, most] = [0, 0] }: Command<Options, Required>,
  args: string[],
): CommandLine<Options, Required> | 'help' {
  const { values, positionals } = parse(args, { ...options, help: { type: 'boolean', short: 'h' } });
  if (values.help === true) return 'help';
  const missing = required.filter((name) => !values[name]);
  if (missing.length > 0) throw new UsageError(`missing: ${missing.map((name) => `--${name}`).join(', ')}`);
  // A word may be anything, so it is counted and not repeated.
  if (positionals.length < least) throw new UsageError('something is missing beside the options');
  if (positionals.length > most) throw new UsageError('there are more words than the command takes');
  return { values: values as CommandLine<Options, Required>['values'], words: positionals };
}

function parse(args: string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? scrubText(error.message) : 'not understood');
  }
}
