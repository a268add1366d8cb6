import { parseArgs } from 'node:util';
import { parseVerifierKey, type Verifier } from '../audit-seal/note.ts';
import { readAuditToolsConfig } from './config.ts';
import { keepWitness } from './keep-witness.ts';
import { couldNotRun } from './run-verify.ts';
import type { Terminal } from './terminal.ts';

export const witnessUsage = `npm run audit:witness -- URL [--key KEY]... [--file FILE]

  URL          of the callback, such as https://login.example.no
  --key KEY    public key of the audit, as the organisation gave it to you; also in AUDIT_VERIFIER_KEYS
  --file FILE  where checkpoints are kept (default audit-witness.jsonl)

Exit: 0 all is as before, 1 something found, 2 it could not run.`;

/** `npm run audit:witness`. @returns the exit code */
export async function runWitness(args: string[], environment: Record<string, string | undefined>, terminal: Terminal) {
  const options = readOptions(args);
  if (options === undefined) {
    terminal.complain(witnessUsage);
    return 2;
  }
  try {
    const { verifiers } = readAuditToolsConfig(environment, { database: false, keys: options.keys.length === 0 });
    const { url, keys, file } = options;
    const all = [...keys, ...verifiers];
    const visit = await keepWitness({ url, verifiers: all, file, fetch, now: () => new Date() });
    terminal.say(visit.code === null ? visit.says : `${visit.says} (${visit.code})`);
    return visit.code === null ? 0 : 1;
  } catch (error) {
    terminal.complain(couldNotRun(error));
    return 2;
  }
}

function readOptions(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        key: { type: 'string', multiple: true, default: [] },
        file: { type: 'string', default: 'audit-witness.jsonl' },
      },
    });
    const [url = '', ...more] = positionals;
    const keys = values.key.map(parseVerifierKey);
    if (more.length > 0 || !/^https?:\/\/[^?#]+$/.test(url) || keys.includes(undefined)) return undefined;
    return { url: url.replace(/\/+$/, ''), file: values.file, keys: keys as Verifier[] };
  } catch {
    return undefined;
  }
}
