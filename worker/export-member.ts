/**
 * `npm run member:export -- --organization nhf --member 1234 OUT.json [--seal-to KEY.jwk]`: everything stored about one person, by table, for the
 * member who asks. The number is masked, or sealed (compact JWE) for the public key that is given: only its holder can read it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { endWithCode, withDatabase } from './command.ts';
import { readConfig } from './config.ts';
import { createCarrier } from './create-worker.ts';
import type { ExportedNumber } from './database-rows.ts';
import { Failure } from './failure.ts';
import { type OpenNumberOptions, openNumber, sealForReceiver } from './sealed-numbers.ts';

const usage = 'member:export: --organization <slug> --member <member number> OUT.json [--seal-to KEY.jwk]';

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

await endWithCode('member:export', async () => {
  const { values, positionals } = parseArgs({
    options: { organization: { type: 'string' }, member: { type: 'string' }, 'seal-to': { type: 'string' } },
    allowPositionals: true,
  });
  const { organization, member, 'seal-to': keyFile } = values;
  const [out, ...others] = positionals;
  if (organization === undefined || member === undefined || out === undefined || others.length > 0) {
    console.error(usage);
    return false;
  }
  const config = readConfig();
  const key = keyFile === undefined ? undefined : await readKey(keyFile);
  return withDatabase(config, async (database) => {
    await refuseMissingErasures(config.erasureLedger, config.deployment, database.missingErasures);
    const found = await database.exportMember(organization, member);
    if (found === null) {
      console.error(`member:export: there is no such member of ${organization}`);
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
