import { parseArgs } from 'node:util';
import { ImportError } from '../runtime/csv/errors.ts';

export type Arguments = {
  organization: string;
  file: string;
  rejectedFile: string;
};

export const usage = `Usage: npm run invoices:issue -- --organization SLUG [options] FILE.csv

  --organization SLUG   whose invoices these are, such as nhf
  --rejected FILE       where rejected lines are listed; default FILE.csv.rejected.csv
  --help                print this

docs/invoices.md says which columns the file has. The same file may be given again: each invoice number is issued once.`;

/**
 * @returns `help` where somebody only wants to know how the command is used
 * @throws {ImportError} `arguments_invalid`
 */
export function readArguments(words: string[]): Arguments | 'help' {
  const { values, positionals } = parse(words);
  if (values.help) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new ImportError('arguments_invalid', 'exactly one file is needed');
  if (values.organization === undefined) throw new ImportError('arguments_invalid', '--organization is missing');
  return { organization: values.organization, file, rejectedFile: values.rejected ?? `${file}.rejected.csv` };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        organization: { type: 'string' },
        rejected: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new ImportError('arguments_invalid', error instanceof Error ? error.message : 'not understood');
  }
}
