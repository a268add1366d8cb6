import type { CommandLine } from '../runtime/command-line.ts';

export type Arguments = {
  organization: string;
  file: string;
  rejectedFile: string;
};

export const command = {
  name: 'invoices:issue',
  synopsis: '--organization SLUG [options] FILE.csv',
  about: `  --organization SLUG   whose invoices these are, such as nhf
  --rejected FILE       where rejected lines are listed; default FILE.csv.rejected.csv

docs/invoices.md says which columns the file has. The same file may be given again: each invoice number is issued once.`,
  options: { organization: { type: 'string' }, rejected: { type: 'string' } },
  required: ['organization'],
  words: [1, 1],
} as const;

export function readArguments({
  values: { organization, rejected },
  words: [file = ''],
}: CommandLine<typeof command.options, 'organization'>): Arguments {
  return { organization, file, rejectedFile: rejected ?? `${file}.rejected.csv` };
}
