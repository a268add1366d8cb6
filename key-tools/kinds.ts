import type { JWK } from 'jose';
import { createSealingKey, parseSigners } from '../audit-seal/note.ts';
import { parsePrivateKeys, parseSecrets } from '../personnummer/keys.ts';
import { createKeyPair, createSecret, madeAt, publicKeySet } from './new-keys.ts';

export const kindNames = ['sealing', 'index', 'access-token', 'transaction', 'audit'] as const;
export type KindName = (typeof kindNames)[number];

/** One key among those of a variable. */
export type NamedKey = {
  /** Its kid, version or id: no secret. */
  name: string;
  /** As it stands in the variable. */
  text: string;
};

/** A kind of key, and what turning it over does to running programs. */
export type Kind = {
  /** The variable that holds the private or secret part, and that a rotation begins from. */
  variable: string;
  /** What each step does, for people: `know`, `use`, `finish` (and `renew`, where stored numbers are made anew). */
  steps: { know: string; use: string | null; renew: string | null; finish: string };
  /** What minutes have to pass after the programs of the step before were restarted. */
  minutes: { use: number; finish: number };
  parse(text: string): { keys: NamedKey[]; faults: string[] };
  /** @param others keys that are there already; @param name of the audit */
  create(others: readonly NamedKey[], name: string | undefined): NamedKey;
  /** Whether `one` was made after `other`; undefined where nothing says so. */
  isNewer(one: NamedKey, other: NamedKey): boolean | undefined;
  /** Every variable that follows from these keys, the first one in use, with the programs that read it. */
  variables(keys: readonly NamedKey[]): { name: string; value: string; readBy: string }[];
};

const jwks = (keys: readonly NamedKey[]) => `{"keys":[${keys.map(({ text }) => text).join(',')}]}`;
const readJwks = (text: string) =>
  (JSON.parse(text) as { keys: JWK[] }).keys.map((key) => ({ name: String(key.kid), text: JSON.stringify(key) }));
const secrets = (keys: readonly NamedKey[]) => keys.map(({ text }) => text).join(',');
const versionOf = ({ name }: NamedKey) => Number(name.slice(1));

function parseVersions(text: string) {
  const { faults } = parseSecrets(text);
  const keys = text.split(',').map((part) => ({ name: part.trim().split(':', 1)[0] ?? '', text: part.trim() }));
  return { keys: faults.length === 0 ? keys : [], faults };
}

/** One version higher than any that is there: a version is never used twice with another secret. */
function nextSecret(others: readonly NamedKey[]): NamedKey {
  const name = `v${Math.max(0, ...others.map(versionOf)) + 1}`;
  return { name, text: createSecret(name) };
}

function nextJwk(type: 'x25519' | 'ec', header: JWK): NamedKey {
  const { privateKey } = createKeyPair(type, header);
  return { name: String(privateKey.kid), text: JSON.stringify(privateKey) };
}

function isNewerKid(one: NamedKey, other: NamedKey): boolean | undefined {
  const [a, b] = [madeAt(one.name), madeAt(other.name)];
  return a === b ? undefined : a > b;
}

const isNewerVersion = (one: NamedKey, other: NamedKey) => versionOf(one) > versionOf(other);

export const kinds: Record<KindName, Kind> = {
  sealing: {
    variable: 'PERSONNUMMER_UNSEALING_KEYS',
    steps: {
      know: 'Restart the workers first, then callbacks and imports. Workers can open what the new key will seal; nothing is sealed with it yet. Nobody notices.',
      use: 'Restart callbacks, imports and workers. New numbers are sealed with the new key. Nobody notices.',
      renew:
        'The workers seal every stored number anew in the background. A member is held for some milliseconds while his number is written.',
      finish:
        'Restart callbacks and imports first, then the workers. Backups from before still need the old key: keep it as long as you keep them.',
    },
    minutes: { use: 0, finish: 0 },
    parse(text) {
      const { faults } = parsePrivateKeys(text);
      return { keys: faults.length === 0 ? readJwks(text) : [], faults };
    },
    create: () => nextJwk('x25519', { alg: 'ECDH-ES', use: 'enc' }),
    isNewer: isNewerKid,
    variables: (keys) => [
      { name: 'PERSONNUMMER_UNSEALING_KEYS', value: jwks(keys), readBy: 'worker' },
      { name: 'PERSONNUMMER_SEALING_KEYS', value: publicKeySet(jwks(keys)), readBy: 'callback, import' },
    ],
  },
  index: {
    variable: 'PERSONNUMMER_INDEX_SECRETS',
    steps: {
      know: 'Restart workers, callbacks and imports, in any order. Each knows both secrets; records still get the old index. Nobody notices.',
      use: 'Restart them again, in any order, and only after every one of them knows both. New indexes are made with the new secret; records are found by either.',
      renew:
        'The workers index every stored number anew in the background. A member is held for some milliseconds; nothing is pushed, no case opens.',
      finish:
        'Restart callbacks and imports first, then the workers. Backups from before still need the old secret: keep it as long as you keep them.',
    },
    minutes: { use: 0, finish: 0 },
    parse: parseVersions,
    create: nextSecret,
    isNewer: isNewerVersion,
    variables: (keys) => [
      { name: 'PERSONNUMMER_INDEX_SECRETS', value: secrets(keys), readBy: 'callback, worker, import' },
    ],
  },
  'access-token': {
    variable: 'ACCESS_TOKEN_KEYS',
    steps: {
      know: 'Restart the callbacks, and give a PostgREST with a copy of the keys the new copy. The new public key is published; the old one signs. Nobody notices.',
      use: 'Restart the callbacks. The new key signs; tokens of the old one stay valid until they expire.',
      renew: null,
      finish:
        'Restart the callbacks; then take the old public key from a PostgREST with a copy. No valid token is signed with it any more.',
    },
    // Hosted Supabase fetches keys again every 30 minutes; a member's token lives for an hour.
    minutes: { use: 60, finish: 65 },
    parse(text) {
      try {
        const keys = readJwks(text);
        const sound = keys.length > 0 && keys.every(({ text: key }) => /"d":"/.test(key) && /"kid":"[^"]/.test(key));
        return sound ? { keys, faults: [] } : { keys: [], faults: ['holds a key without private part or kid'] };
      } catch {
        // What JSON.parse says quotes the text.
        return { keys: [], faults: ['is not JSON of the form {"keys":[...]}'] };
      }
    },
    create: () => nextJwk('ec', { alg: 'ES256', use: 'sig' }),
    isNewer: isNewerKid,
    variables: (keys) => [
      { name: 'ACCESS_TOKEN_KEYS', value: jwks(keys), readBy: 'callback' },
      { name: 'ACCESS_TOKEN_PUBLIC_KEYS', value: publicKeySet(jwks(keys)), readBy: 'a PostgREST with a copy' },
    ],
  },
  transaction: {
    variable: 'TRANSACTION_SECRETS',
    steps: {
      know: 'Restart the callbacks. Each can read cookies of both secrets; the old one still seals them. Nobody notices.',
      use: 'Restart the callbacks. The new secret seals the cookies of new logins; logins under way go on.',
      renew: null,
      finish: 'Restart the callbacks. No login that is under way has a cookie of the old secret any more.',
    },
    // A login under way, and the question for consent after it.
    minutes: { use: 0, finish: 15 },
    parse: parseVersions,
    create: nextSecret,
    isNewer: isNewerVersion,
    variables: (keys) => [{ name: 'TRANSACTION_SECRETS', value: secrets(keys), readBy: 'callback' }],
  },
  audit: {
    variable: 'AUDIT_SEALING_KEY',
    steps: {
      know: 'Restart the workers. Checkpoints have both signatures from now on. Hand the new public key to everybody who checks, by another way than this server.',
      use: null,
      renew: null,
      finish:
        'When every auditor has the new public key: restart the workers. Old checkpoints are verified with the old public key for good; nobody throws that away.',
    },
    minutes: { use: 0, finish: 0 },
    parse(text) {
      const { signers, faults } = parseSigners(text);
      const texts = text.trim().split(/\s+/);
      const named = signers.map(({ verifierKey }, at) => ({ name: verifierKey, text: texts[at] ?? '' }));
      return { keys: named, faults };
    },
    create(others, name) {
      const { signingKey, verifierKey } = createSealingKey(name ?? others[0]?.name.split('+', 1)[0] ?? '');
      return { name: verifierKey, text: signingKey };
    },
    // Both sign, so the order says it: the one that was added stands last.
    isNewer: () => undefined,
    variables: (keys) => [
      { name: 'AUDIT_SEALING_KEY', value: keys.map(({ text }) => text).join(' '), readBy: 'worker' },
      {
        name: 'AUDIT_VERIFIER_KEYS',
        value: keys.map(({ name }) => name).join(' '),
        readBy: 'whoever checks the audit',
      },
    ],
  },
};
