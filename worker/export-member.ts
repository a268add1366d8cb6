/**
 * `npm run member:export -- --organization nhf --member 1234 OUT.json [--seal-to KEY.jwk]`: everything stored about one person, by table, for the
 * member who asks. The number is masked, or sealed (compact JWE) for the public key that is given: only its holder can read it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { endWithCode, withServableDatabase } from './command.ts';
import { readConfig } from './config.ts';
import { createCarrier } from './create-worker.ts';
import type { ExportedNumber } from './database-rows.ts';
import { Failure } from './failure.ts';
import { type OpenNumberOptions, openNumber, sealForReceiver } from './sealed-numbers.ts';

const option = { type: 'string' } as const;
const command = {
  name: 'member:export',
  synopsis: '--organization SLUG --member NUMBER OUT.json [--seal-to KEY.jwk]',
  about: `  --organization SLUG  whose member it is, such as nhf
  --member NUMBER      the member number
  --seal-to KEY.jwk    a public key, for which the personnummer is sealed; without it, it is masked
  OUT.json             the file that is written; it must be new`,
  options: { organization: option, member: option, 'seal-to': option },
  required: ['organization', 'member'],
  words: [1, 1],
} as const;

/** The recorded numbers of a person, each sealed for the key. */
async function sealNumbers(numbers: ExportedNumber[], key: unknown, options: OpenNumberOptions) {
  return Promise.all(
    numbers.map(async (row) => {
      const number = await openNumber(row, options);
      return { member_id: row.member_id, sealed: number === null ? null : await sealForReceiver(key, number.reveal()) };
    }),
  );
}

async function readKey(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says quotes the text, which may hold a private key.
    throw new Failure('receiver_key_unusable');
  }
}

await endWithCode(command, async ({ values, words }) => {
  const { organization, member, 'seal-to': keyFile } = values;
  const [out = ''] = words;
  const config = readConfig();
  const key = keyFile === undefined ? undefined : await readKey(keyFile);
  return withServableDatabase(config, async (database) => {
    const found = await database.exportMember(organization, member);
    if (found === null) {
      console.error(`member:export: there is no such member of ${organization}, or the person was erased`);
      return false;
    }
    const numbers = key === undefined ? {} : { numbers: await sealNumbers(found.numbers, key, createCarrier(config)) };
    const text = `${JSON.stringify({ ...found.export, ...numbers }, null, 2)}\n`;
    // Nobody else on this machine is to read it, and no file is written over.
    await writeFile(out, text, { flag: 'wx', mode: 0o600 });
    console.log(`written to ${out}`);
    return true;
  });
});
