import { readFile } from 'node:fs/promises';
import { runCommand } from '../runtime/command-line.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { type Arguments, command, readArguments } from './arguments.ts';
import { readConfigureConfig } from './config.ts';
import { configure, rehearse } from './configure.ts';
import { describeDifferences } from './describe.ts';
import { ConfigureError } from './errors.ts';
import { readConfigurationFile } from './read-file.ts';
import { tryRows } from './try-rows.ts';

/** Where a person reads what the program says. */
export type Terminal = {
  say(line: string): void;
  complain(text: string): void;
  /** Asks a person yes or no; left out where nobody is there to answer. */
  ask?: (question: string) => Promise<boolean>;
};

/**
 * `npm run configure`, without the process around it.
 *
 * @param words the command line, without program and script
 * @returns the exit code: 0 when the database is as the file says; 1 when not, or when `--try` found a fault; 2: misused;
 *   3: `--plan` found something to change
 */
export function runProgram(
  words: string[],
  environment: Record<string, string | undefined>,
  terminal: Terminal,
): Promise<number> {
  return runCommand(command, words, terminal, async (line) => {
    try {
      const options = readArguments(line);
      return await run(options, readConfigureConfig(environment), environment, terminal);
    } catch (error) {
      if (error instanceof ConfigurationError || error instanceof ConfigureError)
        terminal.complain(`configure: ${error.code}: ${error.message}`);
      else throw error;
      return 1;
    }
  });
}

async function run(
  options: Arguments,
  { databaseUrl, allowsPlainHttp }: ReturnType<typeof readConfigureConfig>,
  environment: Record<string, string | undefined>,
  { say, ask }: Terminal,
): Promise<number> {
  const text = await readFile(options.file, 'utf8').catch((cause) => {
    throw new ConfigureError('file_unreadable', `${options.file} cannot be read (${cause.code})`, { cause });
  });
  let differs = false;
  const wanted = { file: readConfigurationFile(text, allowsPlainHttp), databaseUrl, prune: options.prune };
  const changed = await configure({
    ...wanted,
    decide: async (differences) => {
      for (const line of describeDifferences(differences, options.prune)) say(line);
      differs = differences.some(({ kind }) => kind !== 'extra' || options.prune);
      if (!differs) say('nothing to change');
      if (!differs || options.plan) return false;
      if (options.yes) return true;
      if (ask === undefined)
        throw new ConfigureError('not_confirmed', 'nobody is there to ask: look at --plan first, then use --yes');
      return ask('Change this?');
    },
  });
  if (options.try && !(await tryRows(await rehearse(wanted), environment, say))) return 1;
  if (changed !== null) say(`${changed} ${changed === 1 ? 'row' : 'rows'} changed`);
  else if (differs) say('nothing was changed');
  return options.plan && differs ? 3 : changed === null && differs ? 1 : 0;
}
