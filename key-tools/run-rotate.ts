import { NoteError, openNote, parseVerifierKey } from '../audit-seal/note.ts';
import { type CommandLine, UsageError } from '../runtime/command-line.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import { type RotationConfig, readRotationConfig } from './config.ts';
import { KeyError } from './errors.ts';
import { type KeyDatabase, type Need, withKeyDatabase } from './key-database.ts';
import { type Kind, type KindName, kindNames, kinds, type NamedKey } from './kinds.ts';
import { nextKeys, standOf, stepNames } from './rotation.ts';
import { readKind, runKeyCommand, type Terminal } from './terminal.ts';

const command = {
  name: 'keys:rotate',
  synopsis: `${kindNames.join('|')} [${stepNames.join('|')}] [--since TIME]`,
  about: `Without a step: where the rotation of this kind stands, and what each step does to running programs.
know    prints the variables in which every program knows the new key, and none uses it yet
use     prints those in which the new key is used
renew   sealing and index: begins to make every stored number anew, in the workers
finish  prints those without the old key; refuses while anything needs it
--since when the last program was restarted with the step before, such as 2026-11-29T04:00Z

The variable with the keys as they are now is read from the environment; new variables go to standard output, the rest to standard error.`,
  options: { since: { type: 'string' } },
  words: [1, 2],
} as const;

/** Kinds whose stored numbers say which key they need. */
const countedAs: Partial<Record<KindName, 'index' | 'sealed'>> = { sealing: 'sealed', index: 'index' };

/**
 * `npm run keys:rotate`, without the process around it.
 *
 * @returns the exit code: 0; 1 where it refuses; 2 where it was called wrongly
 */
export async function runRotate(
  words: readonly string[],
  environment: Record<string, string | undefined>,
  terminal: Terminal,
  now: () => Date = () => new Date(),
): Promise<number> {
  return await runKeyCommand(command, words, terminal, async (line) => {
    const { name, step, since } = readArguments(line);
    const kind = kinds[name];
    const counted = countedAs[name];
    const config = readRotationConfig(environment, kind, {
      database: counted !== undefined || (name === 'audit' && step === 'finish'),
      callback: name === 'access-token' && (step === 'use' || step === 'finish'),
    });
    if (step === undefined) await tellStand(kind, counted, config, terminal);
    else if (step === 'renew') await beginRenewal(name, kind, config, terminal);
    else {
      const keys = nextKeys(kind, config.keys, step, { since, now: now() });
      if (step !== 'know') await refuseUnseen(name, kind, step, config);
      if (step === 'finish' && counted !== undefined) await refuseWhileNeeded(kind, counted, config);
      tellStep(kind, step, keys, terminal);
    }
    return 0;
  });
}

function readArguments({ values: { since }, words: [first, second] }: CommandLine<typeof command.options, never>) {
  const step = stepNames.find((each) => each === second);
  if (second !== undefined && step === undefined) throw new UsageError(`a step is one of ${stepNames.join(', ')}`);
  const time = since === undefined ? null : new Date(since);
  if (time !== null && (Number.isNaN(time.getTime()) || !/(Z|[+-]\d\d:\d\d)$/.test(since ?? '')))
    throw new UsageError('--since is a time with its zone, such as 2026-11-29T04:00Z');
  return { name: readKind(first), step, since: time };
}

function tellStep(
  kind: Kind,
  step: 'know' | 'use' | 'finish',
  keys: readonly NamedKey[],
  { set, explain }: Terminal,
): void {
  for (const { name, value, readBy } of kind.variables(keys)) {
    explain(`for ${readBy}:`);
    set(name, value);
  }
  explain(kind.steps[step] ?? '');
}

async function tellStand(
  kind: Kind,
  counted: 'index' | 'sealed' | undefined,
  config: RotationConfig,
  { explain }: Terminal,
): Promise<void> {
  const stand = standOf(kind, config.keys);
  explain(
    {
      one: () => `${kind.variable} holds one key: no rotation is under way. Next: know`,
      known: () =>
        `the new key stands last. Next, when every program was restarted with it: ${kind.steps.use === null ? 'finish' : 'use'}`,
      used: () =>
        `the new key stands first. Next, when every program was restarted with it: ${kind.steps.renew === null ? 'finish' : 'renew, then finish'}`,
    }[stand.at](),
  );
  for (const step of stepNames) if (kind.steps[step] !== null) explain(`${step}: ${kind.steps[step]}`);
  if (counted === undefined) return;
  await withKeyDatabase(urlOf(config), async (database) => {
    explain('stored numbers, by key:');
    for (const { key, place, rows } of await database.inUse(counted)) explain(`  ${key}  ${place}  ${rows}`);
    explain(`being made anew: ${(await database.isRenewing()) ? 'yes' : 'no'}`);
    if (stand.at === 'used') explain(tellNeeds(stand.old.name, await database.neededFor(counted, stand.old.name)));
  });
}

function tellNeeds(key: string, needs: readonly Need[]): string {
  return needs.length === 0
    ? `nothing needs ${key} any more: finish`
    : `${key} is still needed by ${needs.map(({ place, rows }) => `${rows} rows of ${place}`).join(', ')}`;
}

async function beginRenewal(name: KindName, kind: Kind, config: RotationConfig, { explain }: Terminal): Promise<void> {
  if (kind.steps.renew === null) throw new UsageError('nothing that is stored needs this kind of key');
  const stand = standOf(kind, config.keys);
  if (stand.at !== 'used')
    throw new KeyError('rotation_not_begun', 'the new key does not stand first: "use" comes before "renew"');
  const { name: next } = stand.next;
  await withKeyDatabase(urlOf(config), (database) =>
    name === 'index' ? database.beginRenewal(next, null) : database.beginRenewal(null, next),
  );
  explain(`${kind.steps.renew}\nHow far it is: npm run keys:rotate -- ${name}`);
}

async function refuseWhileNeeded(kind: Kind, counted: 'index' | 'sealed', config: RotationConfig): Promise<void> {
  const stand = standOf(kind, config.keys);
  if (stand.at !== 'used') return;
  const { name } = stand.old;
  const needs = await withKeyDatabase(urlOf(config), (database: KeyDatabase) => database.neededFor(counted, name));
  if (needs.length > 0) throw new KeyError('key_still_needed', tellNeeds(name, needs));
}

/** What can be seen from here of what the programs do. */
async function refuseUnseen(name: KindName, kind: Kind, step: 'use' | 'finish', config: RotationConfig): Promise<void> {
  const stand = standOf(kind, config.keys);
  if (stand.at === 'one') return;
  if (name === 'access-token') {
    const published = await publishedKeys(config);
    const seen = step === 'use' ? published.includes(stand.next.name) : published[0] === stand.next.name;
    if (!seen)
      throw new KeyError(
        'key_not_seen',
        `the callback ${step === 'use' ? 'does not publish' : 'does not sign with'} ${stand.next.name} yet: restart it first`,
      );
  }
  if (name === 'audit') {
    const note = await withKeyDatabase(urlOf(config), (database) => database.newestCheckpoint());
    const verifier = parseVerifierKey(stand.next.name);
    if (note === null || verifier === undefined || !isSignedBy(note, verifier))
      throw new KeyError(
        'key_not_seen',
        'the newest checkpoint has no signature of the new key: restart the workers first',
      );
  }
}

function isSignedBy(note: string, verifier: NonNullable<ReturnType<typeof parseVerifierKey>>): boolean {
  try {
    return openNote(note, [verifier]).signedBy.length > 0;
  } catch (error) {
    if (error instanceof NoteError) return false;
    throw error;
  }
}

async function publishedKeys({ publicUrl, deployment }: RotationConfig): Promise<string[]> {
  const fetch = createGuardedFetch({ deployment, timeoutMs: 5_000, maxBytes: 64 * 1024 });
  try {
    const response = await fetch(`${publicUrl?.href.replace(/\/+$/, '')}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  } catch {
    throw new KeyError('key_not_seen', 'the callback at PUBLIC_URL does not answer with its keys');
  }
}

/** `readRotationConfig` has asked for it wherever it is used. */
function urlOf({ databaseUrl }: RotationConfig): string {
  if (databaseUrl === undefined) throw new TypeError('no database was configured');
  return databaseUrl;
}
