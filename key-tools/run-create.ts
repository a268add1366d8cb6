import { UsageError } from '../runtime/command-line.ts';
import { type Kind, kindNames, kinds } from './kinds.ts';
import { createSecret } from './new-keys.ts';
import { readKind, runKeyCommand, type Terminal } from './terminal.ts';

const command = {
  name: 'keys:create',
  synopsis: `all|${kindNames.join('|')} [NAME]`,
  about: `Prints a new key as the variables that hold it, each under the programs that read it; all: everything that a new installation needs.
NAME is that of the audit, such as login.example.no/audit, and needed for all and audit only.
Into a file: npm run --silent keys:create -- all login.example.no/audit > keys.env
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
    const all = first === 'all';
    const wanted: Kind[] = all ? Object.values(kinds) : [kinds[readKind(first)]];
    const forAudit = wanted.includes(kinds.audit);
    if ((name !== undefined) !== forAudit || (forAudit && !auditName.test(name ?? '')))
      throw new UsageError('all and audit have a name such as login.example.no/audit, the other kinds have none');
    const tell = (variable: string, value: string, readBy: string) => {
      terminal.say(`# ${readBy}`);
      terminal.set(variable, value);
    };
    for (const kind of wanted)
      for (const { name: variable, value, readBy } of kind.variables([kind.create([], name)]))
        tell(variable, value, readBy);
    // Nothing that is stored needs it, so there is nothing to turn over: another one signs the coordinators out.
    if (all) tell('DESK_COOKIE_KEY', createSecret(), 'desk');
    return 0;
  });
}
