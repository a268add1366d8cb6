import { UsageError } from '../runtime/command-line.ts';
import { kindNames, kinds } from './kinds.ts';
import { readKind, runKeyCommand, type Terminal } from './terminal.ts';

const command = {
  name: 'keys:create',
  synopsis: `${kindNames.join('|')} [NAME]`,
  about: `Prints a new key as the variables that hold it. NAME is that of the audit, such as login.example.no/audit, and needed for audit only.
To replace a key that is in use: npm run keys:rotate`,
  words: [1, 2],
} as const;

/** What an audit may be called: it stands in addresses and in lines of notes. */
const auditName = /^[a-z0-9.-]+(:[0-9]+)?(\/[A-Za-z0-9._-]+)*$/;

/**
 * `npm run keys:create`, without the process around it.
 *
 * @returns the exit code: 0, or 2 where it was called wrongly
 */
export async function runCreate(words: readonly string[], terminal: Terminal): Promise<number> {
  return await runKeyCommand(command, words, terminal, async ({ words: [first, name] }) => {
    const kind = kinds[readKind(first)];
    const forAudit = kind === kinds.audit;
    if ((name !== undefined) !== forAudit || (forAudit && !auditName.test(name ?? '')))
      throw new UsageError('audit has a name such as login.example.no/audit, the other kinds have none');
    for (const { name: variable, value } of kind.variables([kind.create([], name)]))
      terminal.say(`${variable}=${value}`);
    return 0;
  });
}
