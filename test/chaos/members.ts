import type pg from 'pg';
import { syntheticNumber } from '../../local/sample-data/synthetic-number.ts';

/** A member whose number comes and goes. */
export interface ChaosMember {
  readonly id: string;
  readonly organizationId: string;
  readonly organization: string;
  readonly issuer: string;
  readonly externalId: string;
  readonly subject: string;
  readonly birthDate: string;
  readonly phone: string;
  readonly email: string;
  /** One of these is brought by a login. Nobody else has any of them. */
  readonly numbers: readonly [string, string];
}

export type ChaosOrganization = { id: string; slug: string; issuer: string };

/** Every organisation, with the issuer at which its members log in. */
export async function readOrganizations(client: pg.ClientBase): Promise<ChaosOrganization[]> {
  const { rows } = await client.query<ChaosOrganization>(
    `select g.id, g.slug, p.issuer from registry.organizations as g
     join registry.identity_providers as p on p.organization_id = g.id and p.provider = 'vipps' order by g.slug`,
  );
  return rows;
}

/** Adds members without a number to every organisation. */
export async function addMembers(client: pg.ClientBase, perOrganization: number): Promise<ChaosMember[]> {
  const organizations = await readOrganizations(client);
  const members: ChaosMember[] = [];
  for (const [at, { id: organizationId, slug, issuer }] of organizations.entries()) {
    for (let nth = 0; nth < perOrganization; nth += 1) {
      const birthDate = `1971-0${at + 1}-${String((nth % 28) + 1).padStart(2, '0')}`;
      const which = Math.floor(nth / 28) * 2;
      const person = {
        externalId: `${slug}-chaos-${nth}`,
        subject: `chaos-${slug}-${nth}`,
        birthDate,
        phone: `+4741${at}${String(nth).padStart(5, '0')}`,
        email: `chaos-${nth}@${slug}.example`,
        numbers: [syntheticNumber(birthDate, which), syntheticNumber(birthDate, which + 1)] as const,
      };
      const { rows } = await client.query<{ id: string }>(
        `insert into registry.members (organization_id, external_id, given_name, family_name, birth_date, phone, email)
         values ($1, $2, 'Kaos', 'Kaosdatter', $3, $4, $5) returning id`,
        [organizationId, person.externalId, birthDate, person.phone, person.email],
      );
      members.push({ id: rows[0]?.id ?? '', organizationId, organization: slug, issuer, ...person });
    }
  }
  return members;
}
