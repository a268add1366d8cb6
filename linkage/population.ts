import { createChance } from '../test/chaos/random.ts';
import { type Login, loginOf, logsIn } from './logins.ts';
import { People, type Person } from './people.ts';
import { type MemberRecord, recordsOf } from './records.ts';

/** A part of the population, ready to be written. */
export type Batch = { people: Person[]; records: MemberRecord[]; logins: Login[] };

const BATCH = 20_000;
const ADDRESSES_KEPT = 500;

/**
 * The population, household after household, until there are so many member records. Nothing of it stays in memory, and the same
 * seed makes the same one.
 */
export function* populate({ members, seed }: { members: number; seed: number }): Generator<Batch> {
  const chance = createChance(seed);
  const people = new People(chance);
  const addresses: string[] = [];
  let batch: Batch = { people: [], records: [], logins: [] };
  for (let written = 0; written < members; ) {
    const household = people.household();
    const records = recordsOf(household, people, chance).slice(0, members - written);
    written += records.length;
    batch.people.push(...household);
    batch.records.push(...records);
    for (const person of household) {
      if (!logsIn(person, household, chance)) continue;
      batch.logins.push(loginOf(person, chance, addresses[Math.floor(chance.next() * addresses.length)]));
    }
    for (const { email } of records)
      if (email !== null) addresses[Math.floor(chance.next() * ADDRESSES_KEPT)] ??= email;
    if (batch.records.length < BATCH) continue;
    yield batch;
    batch = { people: [], records: [], logins: [] };
  }
  yield batch;
}
