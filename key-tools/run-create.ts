import { KeyError } from './errors.ts';
import { kindNames, kinds } from './kinds.ts';
import { readKind, runCommand, type Terminal } from './terminal.ts';

const usage = `Usage: npm run keys:create -- ${kindNames.join('|')} [NAME]

Prints a new key as the variables that hold it. NAME is that of the audit, such as login.example.no/audit, and needed for audit only.
To replace a key that is in use: npm run keys:rotate`;

/** What an audit may be called: it stands in addresses and in lines of notes. */
const auditName = /^[a-z0-9.-]+(:[0-9]+)?(\/[A-Za-z0-9._-]+)*$/;

/**
 * `npm run keys:create`, without the process around it.
 *
 * @returns the exit code: 0, or 2 where it was called wrongly
 */
export async function runCreate(words: readonly string[], terminal: Terminal): Promise<number> {
  return await runCommand('keys:create', usage, words, terminal, async () => {
    const [first, name, ...more] = words;
    const kind = kinds[readKind(first)];
    const forAudit = kind === kinds.audit;
    if (more.length > 0 || (name !== undefined) !== forAudit || (forAudit && !auditName.test(name ?? '')))
      throw new KeyError(
        'arguments_invalid',
        'audit has a name such as login.example.no/audit, the other kinds have none',
      );
    for (const { name: variable, value } of kind.variables([kind.create([], name)]))
      terminal.say(`${variable}=${value}`);
    return 0;
  });
}
