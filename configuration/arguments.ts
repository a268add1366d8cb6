import { type CommandLine, UsageError } from '../runtime/command-line.ts';

export type Arguments = { file: string; yes: boolean; plan: boolean; try: boolean; prune: boolean };

export const command = {
  name: 'configure',
  synopsis: '[options] FILE.yaml',
  about: `  --plan    show what would change, and change nothing; exits with 3 where something would
  --try     with --plan: also try every provider and member system as they would be, with the variables of
            callback and worker that stand here; exits with 1 where one of them has a fault
  --yes     change it without asking
  --prune   also remove providers, member systems, apps and coordinators that the file does not have`,
  options: {
    yes: { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
    try: { type: 'boolean', default: false },
    prune: { type: 'boolean', default: false },
  },
  words: [1, 1],
} as const;

/** @throws UsageError */
export function readArguments({ values, words: [file = ''] }: CommandLine<typeof command.options, never>): Arguments {
  if (values.plan && values.yes) throw new UsageError('--plan changes nothing, so --yes has no meaning beside it');
  if (values.try && !values.plan) throw new UsageError('--try goes with --plan: it tries what is not there yet');
  return { file, yes: values.yes, plan: values.plan, try: values.try, prune: values.prune };
}
