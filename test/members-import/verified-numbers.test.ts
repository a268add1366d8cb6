import assert from 'node:assert/strict';
import { test } from 'vitest';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { addProvider, sealNumber } from '../support/samples.ts';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

const HEADER = 'external_id,given_name,family_name,birth_date,email,phone,personnummer';
const KARI = '1,Kari,Nordmann,1950-01-01,kari@example.org,90000001';
const OBSERVED = '01815025039';
const EXPORTED = '31926110341';

/** Kari logs in and her login brings a number. */
async function login(world: ImportWorld, personnummer = OBSERVED) {
  await world.query(
    `select from login.record_observation(observation_id => gen_random_uuid(), organization => $1, provider => 'vipps',
       issuer => 'https://provider.example/', subject => 'kari', authenticated_at => now(), given_name => 'Kari', family_name => 'Nordmann',
       birth_date => '1950-01-01', phone => '+4790000001', phone_verified => true, email => 'kari@example.org', email_verified => true,
       personnummer_index => $2, personnummer_sealed => $3, personnummer_masked => $4)`,
    [world.organization.slug, ...Object.values(await sealNumber(personnummer, world.organization))],
  );
}

async function openCase(coordinator: Coordinator) {
  const [found] = await coordinator.query<{
    id: string;
    version: number;
    kind: string;
    observed_personnummer: string;
    recorded_personnummer: string;
  }>('select * from api.open_conflicts');
  return found;
}

/** A record whose number a login filled, and then an export with another number. */
async function disagreement() {
  const world = await createImportWorld();
  await addProvider(world.db, world.organization);
  await world.imported(csv(HEADER, `${KARI},`));
  await login(world);
  const { out } = await world.imported(csv(HEADER, `${KARI},${EXPORTED}`));
  return { world, out };
}

test('an import never overwrites a number that came from a login: it becomes a case', async () => {
  const { world, out } = await disagreement();
  await using _ = world;
  const coordinator = await becomeCoordinator(world.db, world.organization);
  assert.match(out, /not written because a login or a coordinator brought another one: 1/);
  assert.equal((await world.members())[0]?.personnummer_masked, '018150*****');
  const found = await openCase(coordinator);
  assert.deepEqual(
    [found?.kind, found?.recorded_personnummer, found?.observed_personnummer],
    ['mismatch', '018150*****', '319261*****'],
  );
  await world.imported(csv(HEADER, `${KARI},${EXPORTED}`));
  assert.equal((await world.query('select from registry.conflicts')).length, 1);
  assert.equal((await world.query(`select from audit.events where event = 'import_conflict'`)).length, 1);
});

test('nor one that an import brought and a login has confirmed', async () => {
  await using world = await createImportWorld();
  await addProvider(world.db, world.organization);
  await world.imported(csv(HEADER, `${KARI},${OBSERVED}`));
  await login(world);
  await world.imported(csv(HEADER, `${KARI},${EXPORTED}`));
  assert.equal((await world.members())[0]?.personnummer_masked, '018150*****');
  assert.equal((await world.query(`select from registry.conflicts where kind = 'mismatch'`)).length, 1);
});

test('an export that has not heard of the number of a login yet removes nothing', async () => {
  await using world = await createImportWorld();
  await addProvider(world.db, world.organization);
  await world.imported(csv(HEADER, `${KARI},`));
  await login(world);
  const { out } = await world.imported(csv(HEADER, `${KARI},`));
  assert.match(out, /unchanged {2}1/);
  assert.equal((await world.members())[0]?.personnummer_masked, '018150*****');
});

test('a coordinator may decide that the export is right: the record takes its number, and may be given back the old one', async () => {
  const { world } = await disagreement();
  await using _ = world;
  const coordinator = await becomeCoordinator(world.db, world.organization);
  const found = await openCase(coordinator);
  const refused = await coordinator.call('resolve_conflict', found?.id, 'not_same_person', null, found?.version);
  assert.equal(refused.code, 'decision_not_applicable');
  const settled = await coordinator.call(
    'resolve_conflict',
    found?.id,
    'accept_observed',
    'they are right',
    found?.version,
  );
  assert.equal(settled.code, undefined);
  const [member] = await world.members();
  assert.deepEqual([member?.personnummer_masked, member?.personnummer_source], ['319261*****', 'coordinator']);
  await coordinator.call('undo_resolution', found?.id, 'they were not');
  const [again] = await world.members();
  assert.deepEqual([again?.personnummer_masked, again?.personnummer_source], ['018150*****', 'vipps-login']);
});

test('a coordinator who keeps the record is not asked again by the next export', async () => {
  const { world } = await disagreement();
  await using _ = world;
  const coordinator = await becomeCoordinator(world.db, world.organization);
  const found = await openCase(coordinator);
  await coordinator.call('resolve_conflict', found?.id, 'keep_existing', null, found?.version);
  await world.imported(csv(HEADER, `${KARI},${EXPORTED}`));
  assert.equal(await openCase(coordinator), undefined);
});

/** Another export, with a third number, is a question again and overwrites nothing. */
async function staysAfterThirdNumber(world: ImportWorld, coordinator: Coordinator, masked: string) {
  await world.imported(csv(HEADER, `${KARI},08837220093`));
  assert.equal((await world.members())[0]?.personnummer_masked, masked);
  assert.equal((await openCase(coordinator))?.observed_personnummer, '088372*****');
}

test('what a coordinator chose is not replaced by the next export', async () => {
  const { world } = await disagreement();
  await using _ = world;
  const coordinator = await becomeCoordinator(world.db, world.organization);
  const found = await openCase(coordinator);
  await coordinator.call('resolve_conflict', found?.id, 'accept_observed', null, found?.version);
  await staysAfterThirdNumber(world, coordinator, '319261*****');
});

test('nor is what a coordinator kept', async () => {
  await using world = await createImportWorld();
  await addProvider(world.db, world.organization);
  const coordinator = await becomeCoordinator(world.db, world.organization);
  await world.imported(csv(HEADER, `${KARI},${EXPORTED}`));
  await login(world);
  const found = await openCase(coordinator);
  await coordinator.call('resolve_conflict', found?.id, 'keep_existing', null, found?.version);
  await staysAfterThirdNumber(world, coordinator, '319261*****');
});

test('a case is closed when an export brings the number of the login', async () => {
  await using world = await createImportWorld();
  await addProvider(world.db, world.organization);
  const coordinator = await becomeCoordinator(world.db, world.organization);
  await world.imported(csv(HEADER, `${KARI},${EXPORTED}`));
  await login(world);
  assert.equal((await openCase(coordinator))?.kind, 'mismatch');
  await world.imported(csv(HEADER, `${KARI},${OBSERVED}`));
  assert.equal(await openCase(coordinator), undefined);
  const events = await world.query<{ source: string }>(
    `select source from audit.events where event = 'case_superseded'`,
  );
  assert.deepEqual(events, [{ source: 'import' }]);
});

test('a duplicate is closed when an export gives the other record another number', async () => {
  await using world = await createImportWorld();
  const coordinator = await becomeCoordinator(world.db, world.organization);
  await world.imported(csv(HEADER, `1,Kari,,,,,${OBSERVED}`));
  await world.imported(csv(HEADER, `2,Liv,,,,,${OBSERVED}`), '--partial');
  assert.equal((await openCase(coordinator))?.kind, 'duplicate');
  await world.imported(csv(HEADER, `1,Kari,,,,,${EXPORTED}`), '--partial');
  assert.equal(await openCase(coordinator), undefined);
});

test('an export brings a number that another member has, for a record that has one of its own: a mismatch, and the two can be one', async () => {
  await using world = await createImportWorld();
  const coordinator = await becomeCoordinator(world.db, world.organization);
  await world.imported(csv(HEADER, `1,Kari,,,,,${EXPORTED}`, `2,Liv,,,,,${OBSERVED}`));
  await world.imported(csv(HEADER, `1,Kari,,,,,${OBSERVED}`), '--partial');
  const found = await openCase(coordinator);
  assert.equal(found?.kind, 'mismatch');
  const settle = (decision: string) => coordinator.call('resolve_conflict', found?.id, decision, null, found?.version);
  assert.equal((await settle('accept_observed')).code, 'number_taken');
  assert.equal((await settle('merge_into')).code, undefined);
});

test('a duplicate that an export brought can be merged', async () => {
  await using world = await createImportWorld();
  const coordinator = await becomeCoordinator(world.db, world.organization);
  const content = csv(HEADER, '1,Kari,,,,,01815025039', '2,Kari,,,,,01815025039');
  await world.imported(content);
  const found = await openCase(coordinator);
  const settled = await coordinator.call('resolve_conflict', found?.id, 'merge_into', null, found?.version);
  assert.equal(settled.code, undefined);
  // A merged record is only a mark: the next export leaves it alone, and nobody misses it.
  const { out } = await world.imported(content);
  assert.match(out, /unchanged {2}2/);
  const partial = await world.imported(csv(HEADER, '1,Kari,,,,,01815025039'));
  assert.doesNotMatch(partial.out, /not in the file/);
});
