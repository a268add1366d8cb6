import { parseArgs } from 'node:util';
import { ImportError } from '../runtime/csv/errors.ts';

export type Arguments = {
  organization: string;
  file: string;
  mappingFile: string | undefined;
  /** Count what would happen and change nothing. */
  dryRun: boolean;
  /** The file is a part of the members only, so nobody is absent from it. */
  partial: boolean;
  /** A row whose number is unusable is imported without it, and listed all the same. */
  dropBadNumbers: boolean;
  /** Somebody has looked at what makes the file unlike the last one. */
  acceptDifferences: boolean;
  /** Members who were erased come back where the file has them. */
  readmit: boolean;
  rejectedFile: string;
  absentFile: string;
};

export const usage = `Usage: npm run members:import -- --organization SLUG [options] FILE.csv

  --organization SLUG   whose members these are, such as nhf
  --mapping FILE.json   which column of the file is what (docs/importing-members.md)
  --dry-run             count what would happen, change nothing
  --partial             the file does not hold every member: list nobody as absent
  --drop-bad-numbers    import a row whose personnummer is unusable without it, and still list it
  --accept-differences  somebody has looked at how the file differs from the last one: import it
  --readmit             bring members back who were erased, where the file has them: they have asked for it
  --rejected FILE       where rejected rows are listed; default FILE.csv.rejected.csv
  --absent FILE         where absent members are listed; default FILE.csv.absent.csv
  --help                print this`;

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
  return {
    organization: values.organization,
    file,
    mappingFile: values.mapping,
    dryRun: values['dry-run'],
    partial: values.partial,
    dropBadNumbers: values['drop-bad-numbers'],
    acceptDifferences: values['accept-differences'],
    readmit: values.readmit,
    rejectedFile: values.rejected ?? `${file}.rejected.csv`,
    absentFile: values.absent ?? `${file}.absent.csv`,
  };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        organization: { type: 'string' },
        mapping: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        partial: { type: 'boolean', default: false },
        'drop-bad-numbers': { type: 'boolean', default: false },
        'accept-differences': { type: 'boolean', default: false },
        readmit: { type: 'boolean', default: false },
        rejected: { type: 'string' },
        absent: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new ImportError('arguments_invalid', error instanceof Error ? error.message : 'not understood');
  }
}
