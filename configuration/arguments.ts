import { parseArgs } from 'node:util';
import { ConfigureError } from './errors.ts';

export type Arguments = { file: string; yes: boolean; plan: boolean; try: boolean; prune: boolean };

export const usage = `Usage: npm run configure -- [options] FILE.yaml

  --plan    show what would change, and change nothing; exits with 3 where something would
  --try     with --plan: also try every provider and member system as they would be, with the variables of
            callback and worker that stand here; exits with 1 where one of them has a fault
  --yes     change it without asking
  --prune   also remove providers, member systems, apps and coordinators that the file does not have
  --help    print this`;

/**
 * @returns `help` where a person only wants to know how the command is used
 * @throws {ConfigureError} `arguments_invalid`
 */
export function readArguments(words: string[]): Arguments | 'help' {
  const { values, positionals } = parse(words);
  if (values.help) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new ConfigureError('arguments_invalid', 'exactly one file is needed');
  if (values.plan && values.yes)
    throw new ConfigureError('arguments_invalid', '--plan changes nothing, so --yes has no meaning beside it');
  if (values.try && !values.plan)
    throw new ConfigureError('arguments_invalid', '--try goes with --plan: it tries what is not there yet');
  return { file, yes: values.yes, plan: values.plan, try: values.try, prune: values.prune };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        yes: { type: 'boolean', default: false },
        plan: { type: 'boolean', default: false },
        try: { type: 'boolean', default: false },
        prune: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new ConfigureError('arguments_invalid', error instanceof Error ? error.message : 'not understood');
  }
}
