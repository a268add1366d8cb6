import { createSealingKey } from '../audit-seal/note.ts';
import { consoleOutput, runCommand, UsageError } from '../runtime/command-line.ts';

const command = {
  name: 'audit:key',
  synopsis: 'NAME',
  about: `  NAME  that of the audit, such as login.example.no/audit`,
  words: [1, 1],
} as const;

/** `npm run audit:key -- login.example.no/audit`: a new key for sealing, and its public half. */
process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, async ({ words: [name = ''] }) => {
  if (!/^[a-z0-9.-]+(:[0-9]+)?(\/[A-Za-z0-9._-]+)*$/.test(name)) throw new UsageError('this is no name of an audit');
  const { signingKey, verifierKey } = createSealingKey(name);
  consoleOutput.say(`AUDIT_SEALING_KEY=${signingKey}\nAUDIT_VERIFIER_KEYS=${verifierKey}`);
  return 0;
});
