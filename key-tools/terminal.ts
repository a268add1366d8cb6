import type { ParseArgsOptionsConfig } from 'node:util';
import { type Command, type CommandLine, runCommand, UsageError } from '../runtime/command-line.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { KeyError } from './errors.ts';
import { type KindName, kindNames } from './kinds.ts';

/** Where a person reads what a command says; keys go to `set` alone, so that standard output can be put into a file. */
export type Terminal = {
  say(line: string): void;
  /** A variable and its new value. */
  set(variable: string, value: string): void;
  explain(text: string): void;
};

export const terminal: Terminal = {
  say: (line) => console.log(line),
  // In single quotes, because a shell would take the quotes out of JSON; systemd, compose and `node --env-file` take them away too.
  set: (variable, value) => console.log(`${variable}='${value}'`),
  explain: (text) => console.error(text),
};

/** @throws UsageError */
export function readKind(word: string | undefined): KindName {
  const kind = kindNames.find((each) => each === word);
  if (kind === undefined) throw new UsageError(`say which kind of key: ${kindNames.join(', ')}`);
  return kind;
}

/** Runs a command about keys; 1 where it refuses. */
export function runKeyCommand<const Options extends ParseArgsOptionsConfig>(
  command: Command<Options, never>,
  words: readonly string[],
  { say, explain }: Pick<Terminal, 'say' | 'explain'>,
  action: (line: CommandLine<Options, never>) => Promise<number>,
): Promise<number> {
  return runCommand(command, [...words], { say, complain: explain }, async (line) => {
    try {
      return await action(line);
    } catch (error) {
      if (error instanceof ConfigurationError) explain(`${command.name}: ${error.message}`);
      else if (error instanceof KeyError) explain(`${command.name}: ${error.code}: ${error.message}`);
      else throw error;
      return 1;
    }
  });
}
