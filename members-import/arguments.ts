import type { CommandLine } from '../runtime/command-line.ts';

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

export const command = {
  name: 'members:import',
  synopsis: '--organization SLUG [options] FILE.csv',
  about: `  --organization SLUG   whose members these are, such as nhf
  --mapping FILE.json   which column of the file is what (docs/importing-members.md)
  --dry-run             count what would happen, change nothing
  --partial             the file does not hold every member: list nobody as absent
  --drop-bad-numbers    import a row whose personnummer is unusable without it, and still list it
  --accept-differences  somebody has looked at how the file differs from the last one: import it
  --readmit             bring members back who were erased, where the file has them: they have asked for it
  --rejected FILE       where rejected rows are listed; default FILE.csv.rejected.csv
  --absent FILE         where absent members are listed; default FILE.csv.absent.csv`,
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
  },
  required: ['organization'],
  words: [1, 1],
} as const;

export function readArguments({
  values,
  words: [file = ''],
}: CommandLine<typeof command.options, 'organization'>): Arguments {
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
