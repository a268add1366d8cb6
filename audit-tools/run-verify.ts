import pg from 'pg';
import { NoteError, parseVerifierKey, type Verifier } from '../audit-seal/note.ts';
import { runCommand, UsageError } from '../runtime/command-line.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { createAuditReader, type EpochRow } from './audit-reader.ts';
import { readAuditToolsConfig } from './config.ts';
import { readNotes, type Witnessed } from './notes-file.ts';
import { proveEvent } from './prove-event.ts';
import type { Terminal } from './terminal.ts';
import { type Report, verifyAudit } from './verify-audit.ts';

const command = {
  name: 'audit:verify',
  synopsis: '[--witness FILE]... [--key KEY]... [--accept-restore | --event ID]',
  about: `  --witness FILE    checkpoints that npm run audit:witness kept, or a worker's AUDIT_CHECKPOINT_FILE
  --key KEY         public key that checkpoints must be signed with; also in AUDIT_VERIFIER_KEYS
  --event ID        looks at this event alone, and prints it with a proof that it is under a signed checkpoint, for somebody who has no database
  --accept-restore  the database is a restored backup, and that is known: the audit goes on in a new epoch.
                    DATABASE_URL is then a login that may act as registry_owner

Exit: 0 nothing found, 1 something found, 2 it could not run.`,
  options: {
    witness: { type: 'string', multiple: true },
    key: { type: 'string', multiple: true },
    'accept-restore': { type: 'boolean', default: false },
    event: { type: 'string' },
  },
} as const;

type Options = {
  files: readonly string[];
  keys: readonly Verifier[];
  acceptRestore: boolean;
  event: string | undefined;
};

/** `npm run audit:verify`. @returns the exit code */
export function runVerify(args: string[], environment: Record<string, string | undefined>, terminal: Terminal) {
  return runCommand(command, args, terminal, async ({ values }) => {
    const keys = readKeys(values.key ?? []);
    const { event, witness: files = [], 'accept-restore': acceptRestore } = values;
    if (event !== undefined && (acceptRestore || !/^[1-9][0-9]{0,18}$/.test(event)))
      throw new UsageError('--event takes the id of an event, and stands without --accept-restore');
    const options = { files, keys, acceptRestore, event };
    return verify(options, environment, terminal).catch((error) => {
      terminal.complain(couldNotRun(error));
      return 2;
    });
  });
}

/** @throws UsageError where one is no key */
export function readKeys(texts: readonly string[]): Verifier[] {
  return texts.map((text) => {
    const key = parseVerifierKey(text);
    if (key === undefined) throw new UsageError('what --key has is no verifier key');
    return key;
  });
}

/** Why a program could not do its work; a sentence without values. */
export function couldNotRun(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (error instanceof NoteError)
    return `a kept checkpoint is not to be believed (${error.code}): wrong key, or the file was changed`;
  if (!(error instanceof Error)) return String(error);
  // What fetch says by itself is that it failed.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function verify(options: Options, environment: Record<string, string | undefined>, terminal: Terminal) {
  const config = readAuditToolsConfig(environment, { database: true, keys: false });
  const pool = new pg.Pool({ connectionString: config.databaseUrl, application_name: 'audit-verify', max: 2 });
  // A connection that breaks while it rests: the next query says so.
  pool.on('error', () => undefined);
  try {
    const reader = createAuditReader(pool);
    const given = [...options.keys, ...config.verifiers];
    const verifiers = given.length > 0 ? given : await reader.keys();
    if (given.length === 0) {
      // Not among what is printed of an event, which may go into a file.
      const tell = options.event === undefined ? terminal.say : terminal.progress;
      tell('No key was given (--key): signatures are checked with the keys that the database names itself.');
    }
    const files = [...options.files, ...(config.checkpointFile === undefined ? [] : [config.checkpointFile])];
    const witnessed = (await Promise.all(files.map((file) => readNotes(file, verifiers))))
      .flat()
      .sort((a, b) => a.size - b.size);
    if (options.event !== undefined) {
      const proof = await proveEvent(options.event, { reader, verifiers, witnessed });
      if (typeof proof === 'string') terminal.complain(proof);
      else terminal.say(JSON.stringify(proof, null, 2));
      return typeof proof === 'string' ? 1 : 0;
    }
    const report = await verifyAudit({ reader, verifiers, witnessed, onProgress: progressLines(terminal) });
    tell(report, await reader.epochs(), terminal);
    if (!options.acceptRestore) return report.findings.length === 0 ? 0 : 1;
    return await acceptRestore(pool, report, witnessed, terminal);
  } finally {
    await pool.end();
  }
}

/** A line every five seconds. */
function progressLines({ progress }: Terminal) {
  const startedAt = performance.now();
  let saidAt = startedAt;
  return (sealed: number, of: number) => {
    const now = performance.now();
    if (now - saidAt < 5_000) return;
    saidAt = now;
    progress(`${sealed} of ${of} events, ${Math.round((sealed * 1_000) / (now - startedAt))} a second`);
  };
}

function tell(report: Report, epochs: readonly EpochRow[], { say }: Terminal): void {
  for (const { epoch, began_at, reason, tree_size } of epochs) {
    if (reason === 'first') continue;
    const why =
      reason === 'restore_accepted' ? 'a restored backup was accepted' : 'the database came to another cluster';
    say(`Epoch ${epoch} began at ${began_at.toISOString()} after ${tree_size} events: ${why}.`);
  }
  const { sealed, unsealed, checkpoints, redacted, findings, newestSize } = report;
  say(
    `${sealed} sealed events, ${redacted} of them redacted; ${checkpoints} checkpoints, the newest of ${newestSize} events; ${unsealed} events not sealed yet.`,
  );
  const [first, ...others] = findings;
  if (first === undefined) {
    say('Nothing wrong was found.');
    return;
  }
  say(`First: ${first.says} (${first.code})`);
  for (const { says, code } of others.slice(0, 20)) say(`  then: ${says} (${code})`);
  if (others.length > 20) say(`  and ${others.length - 20} more.`);
}

/** Only what a restored backup looks like is accepted: everything that is there is as it was, and the newest is missing. */
async function acceptRestore(pool: pg.Pool, { findings }: Report, witnessed: readonly Witnessed[], terminal: Terminal) {
  if (findings.some(({ code }) => code !== 'witness_ahead')) {
    terminal.complain('Nothing was accepted: this is not only a restored backup.');
    return 1;
  }
  const lost = findings.length === 0 ? null : (witnessed.at(-1)?.note ?? null);
  const epoch = await accept(pool, lost);
  terminal.say(`Accepted: the audit goes on in epoch ${epoch}. Whoever keeps witness has to be told.`);
  return 0;
}

async function accept(pool: pg.Pool, lost: string | null): Promise<number | undefined> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('set local role registry_owner');
    const { rows } = await client.query<{ epoch: number }>('select private.accept_restore($1) as epoch', [lost]);
    await client.query('commit');
    return rows[0]?.epoch;
  } finally {
    client.release(true);
  }
}
