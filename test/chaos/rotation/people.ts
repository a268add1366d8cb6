import type pg from 'pg';
import type { LocalKeys } from '../../../local/keys.ts';
import { syntheticNumber } from '../../../local/sample-data/synthetic-number.ts';
import { createIndexer } from '../../../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../../../personnummer/keys.ts';
import { createSealer } from '../../../personnummer/seal.ts';
import { asPersonnummer } from '../../support/samples.ts';
import { type ChaosMember, type ChaosOrganization, readOrganizations } from '../members.ts';

const NUMBERS_OF_A_DAY = 20;

/**
 * Members who have never logged in. Every other one has a number, sealed and indexed with these keys, and nothing else that a login could find;
 * the rest have a phone and no number.
 */
export async function addPeople(client: pg.ClientBase, keys: LocalKeys, count: number): Promise<ChaosMember[]> {
  const organizations = await readOrganizations(client);
  const people = Array.from({ length: count }, (_, nth) => describePerson(nth, organizations));
  const indexer = createIndexer(parseSecrets(keys.PERSONNUMMER_INDEX_SECRETS).secrets);
  const sealer = createSealer(parsePublicKeys(keys.PERSONNUMMER_SEALING_KEYS).keys);
  const rows = await Promise.all(
    people.map(async ({ numbers: [number], ...person }, nth) => {
      const { id, organizationId, externalId, birthDate } = person;
      const record = { id, organization_id: organizationId, external_id: externalId, birth_date: birthDate };
      if (nth % 2 === 0) return { ...record, phone: person.phone };
      const personnummer = asPersonnummer(number);
      return {
        ...record,
        personnummer_index: indexer.indexes(personnummer, organizationId)[0],
        personnummer_sealed: await sealer.seal(personnummer),
        personnummer_masked: personnummer.masked(),
      };
    }),
  );
  await client.query(
    `insert into registry.members (id, organization_id, external_id, given_name, family_name, birth_date, phone,
       personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
     select id, organization_id, external_id, 'Kaos', 'Kaosdatter', birth_date, phone, personnummer_index, personnummer_sealed, personnummer_masked,
       case when personnummer_index is not null then 'import'::registry.source end, case when personnummer_index is not null then now() end
     from jsonb_to_recordset($1) as r(id uuid, organization_id uuid, external_id text, birth_date date, phone text,
       personnummer_index text, personnummer_sealed text, personnummer_masked text)`,
    [JSON.stringify(rows)],
  );
  await client.query('analyze registry.members');
  return people;
}

function describePerson(nth: number, organizations: ChaosOrganization[]): ChaosMember {
  const { id, slug, issuer } = organizations[nth % organizations.length] as ChaosOrganization;
  const day = new Date(Date.UTC(1940, 0, 1 + Math.floor(nth / NUMBERS_OF_A_DAY)));
  const birthDate = day.toISOString().slice(0, 10);
  const number = syntheticNumber(birthDate, nth % NUMBERS_OF_A_DAY);
  const name = `turn-${nth}`;
  return {
    id: crypto.randomUUID(),
    organizationId: id,
    organization: slug,
    issuer,
    externalId: name,
    subject: name,
    birthDate,
    phone: `+4742${String(nth).padStart(6, '0')}`,
    email: `${name}@${slug}.example`,
    numbers: [number, number],
  };
}
