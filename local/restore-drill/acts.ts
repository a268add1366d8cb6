import { resolve } from 'node:path';
import { expectSuccess, type Installation, type InstallationDatabase } from '../installation.ts';
import { withClient } from '../stack/database.ts';
import { until } from './until.ts';

/** The programs and commands that are run: those of this project. */
export const THIS_VERSION = resolve(import.meta.dirname, '../..');

/** Members without a number, so that the database has a size. */
export async function addMembers({ url }: InstallationDatabase, organization: string, count: number): Promise<void> {
  if (count === 0) return;
  await withClient(url, (client) =>
    client.query(
      `insert into registry.members (organization_id, external_id, given_name, family_name, birth_date, email)
       select (select id from registry.organizations where slug = $1), 'more-' || n, 'Medlem', 'Nummer ' || n, '1970-01-01', 'more-' || n || '@person.example'
       from generate_series(1, $2::int) as n`,
      [organization, count],
    ),
  );
}

/** @param only kinds, by their first outcome. @param outcome what they come to, where it is not their first login */
export async function everybodyLogsIn(
  installation: Installation,
  organization: string,
  only?: readonly string[],
  outcome?: string,
) {
  for (const { person, expected } of installation.people.get(organization) ?? []) {
    if (only && !only.includes(expected)) continue;
    const { status } = await installation.logIn(person);
    const letIn = (outcome ?? expected) === 'filled' || (outcome ?? expected) === 'confirmed';
    if (letIn && status !== 'logged_in') throw new Error(`${person.id} could not log in`);
  }
}

export const filledOf = (installation: Installation, organization: string) =>
  (installation.people.get(organization) ?? []).filter(({ expected }) => expected === 'filled').length;

export const delivered = (installation: Installation, organization: string, count: number) =>
  until(
    `${count} changes at ${organization}'s member system`,
    () => installation.memberSystem.organization(organization).members.effects() >= count,
  );

export async function erase(
  installation: Installation,
  database: InstallationDatabase,
  organization: string,
  kind: string,
) {
  const found = installation.people.get(organization)?.find(({ person }) => person.id === `${organization}-${kind}`);
  const member = found?.members[0]?.externalId ?? '';
  const words = ['--organization', organization, '--member', member, '--reason', 'A drill', '--yes'];
  await expectSuccess(
    installation.run(THIS_VERSION, 'worker/erase-member.ts', words, installation.workerEnvironment(database)),
  );
}

/** Changes that are still to be carried. */
export async function idsOfWaiting({ url }: InstallationDatabase, organization?: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `select p.id from sync.pushes as p join registry.organizations as o on o.id = p.organization_id
       where p.settled_at is null and o.slug = coalesce($1, o.slug)`,
      [organization ?? null],
    );
    return rows.map(({ id }) => id);
  });
}
