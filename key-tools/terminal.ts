import { ConfigurationError } from '../runtime/environment.ts';
import { KeyError } from './errors.ts';
import { type KindName, kindNames } from './kinds.ts';

/** Where a person reads what a command says; keys go to `say` alone, so that they can be put into a file. */
export type Terminal = { say(line: string): void; explain(text: string): void };

export const terminal: Terminal = { say: (line) => console.log(line), explain: (text) => console.error(text) };

/** @throws {KeyError} `arguments_invalid` */
export function readKind(word: string | undefined): KindName {
  const kind = kindNames.find((each) => each === word);
  if (kind === undefined) throw new KeyError('arguments_invalid', `say which kind of key: ${kindNames.join(', ')}`);
  return kind;
}

/** Turns what a command throws into an exit code: 2 where it was called wrongly, 1 where it refuses. */
export async function runCommand(
  name: string,
  usage: string,
  words: readonly string[],
  { say, explain }: Terminal,
  action: () => Promise<number>,
): Promise<number> {
  if (words.includes('--help') || words.includes('-h')) {
    say(usage);
    return 0;
  }
  try {
    return await action();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      explain(`${name}: ${error.message}`);
      return 1;
    }
    if (!(error instanceof KeyError)) throw error;
    const misused = error.code === 'arguments_invalid';
    explain(`${name}: ${error.code}: ${error.message}${misused ? `\n\n${usage}` : ''}`);
    return misused ? 2 : 1;
  }
}
