import { runCommand, UsageError } from '../runtime/command-line.ts';
import { readAuditToolsConfig } from './config.ts';
import { keepWitness } from './keep-witness.ts';
import { couldNotRun, readKeys } from './run-verify.ts';
import type { Terminal } from './terminal.ts';

const command = {
  name: 'audit:witness',
  synopsis: 'URL [--key KEY]... [--file FILE] [--stale-after TIME]',
  about: `  URL                 of the callback, such as https://login.example.no
  --key KEY           public key of the audit, as the organisation gave it to you; also in AUDIT_VERIFIER_KEYS
  --file FILE         where checkpoints are kept (default audit-witness.jsonl)
  --stale-after TIME  find fault where nothing new was sealed for so long, such as 90m, 24h or 7d

Exit: 0 all is as before, 1 something found, 2 it could not run.`,
  options: {
    key: { type: 'string', multiple: true },
    file: { type: 'string', default: 'audit-witness.jsonl' },
    'stale-after': { type: 'string' },
  },
  words: [1, 1],
} as const;

/** `npm run audit:witness`. @returns the exit code */
export function runWitness(args: string[], environment: Record<string, string | undefined>, terminal: Terminal) {
  return runCommand(command, args, terminal, async ({ values, words: [url = ''] }) => {
    if (!/^https?:\/\/[^?#]+$/.test(url)) throw new UsageError('the address is no https address');
    const keys = readKeys(values.key ?? []);
    const staleAfterMs = readTime(values['stale-after']);
    try {
      const { verifiers } = readAuditToolsConfig(environment, { database: false, keys: keys.length === 0 });
      const { code, says } = await keepWitness({
        url: url.replace(/\/+$/, ''),
        verifiers: [...keys, ...verifiers],
        file: values.file,
        staleAfterMs,
        fetch,
        now: () => new Date(),
      });
      terminal.say(code === null ? says : `${says} (${code})`);
      return code === null ? 0 : 1;
    } catch (error) {
      terminal.complain(couldNotRun(error));
      return 2;
    }
  });
}

const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,5})([mhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new UsageError('what --stale-after has is no time, such as 90m, 24h or 7d');
  return Number(count) * unitsMs[unit as keyof typeof unitsMs];
}
