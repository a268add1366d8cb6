import { createSealingKey } from '../audit-seal/note.ts';

/** `npm run audit:key -- login.example.no/audit`: a new key for sealing, and its public half. */
const [name] = process.argv.slice(2);
if (name === undefined || !/^[a-z0-9.-]+(:[0-9]+)?(\/[A-Za-z0-9._-]+)*$/.test(name)) {
  console.error('npm run audit:key -- NAME, where the name is that of the audit, such as login.example.no/audit');
  process.exitCode = 2;
} else {
  const { signingKey, verifierKey } = createSealingKey(name);
  console.log(`AUDIT_SEALING_KEY=${signingKey}\nAUDIT_VERIFIER_KEYS=${verifierKey}`);
}
