import { createHash } from 'node:crypto';
import type pg from 'pg';
import { nameOf } from './names.ts';

/** Numbers here are made up by their position: an index, a sealed text of the usual length, a mask. Nothing opens them. */
export const SEALED = `eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImtpZCI6ImJlbmNoIn0..${'s'.repeat(220)}`;

export type BenchOrganization = { id: string; slug: string };

const MEMBERS_A_STATEMENT = 50_000;

/** An organisation with a legal basis, Vipps, and a member system at an address where nobody listens. */
export async function addBenchOrganization(
  pool: pg.Pool,
  slug: string,
  url = 'http://127.0.0.1:9',
): Promise<BenchOrganization> {
  const { rows } = await pool.query<BenchOrganization>(
    `insert into registry.organizations (slug, name, return_to, capture_basis, capture_necessity, capture_decided_by, capture_decided_at,
       retention)
     values ($1, $1, '{https://app.example/return}', 'measured', 'measured', 'nobody', now(), '1 year') returning id, slug`,
    [slug],
  );
  const organization = rows[0] as BenchOrganization;
  await pool.query(
    `insert into registry.identity_providers (organization_id, provider, issuer, client_id, client_secret_env)
     values ($1, 'vipps', 'https://provider.example/', 'bench', 'OIDC_BENCH')`,
    [organization.id],
  );
  await pool.query('insert into sync.member_systems (organization_id, url_template) values ($1, $2)', [
    organization.id,
    `${url}/members/{external_id}`,
  ]);
  return organization;
}

/**
 * Members `from + 1` to `to`, each with phone, e-mail and a login that is linked already.
 *
 * @param options.withNumber whether their records have a number
 */
export async function addBenchMembers(
  pool: pg.Pool,
  organization: BenchOrganization,
  [from, to]: [number, number],
  options: { withNumber: boolean; linked?: number },
): Promise<void> {
  for (let begin = from; begin < to; begin += MEMBERS_A_STATEMENT) {
    const names = Array.from({ length: Math.min(MEMBERS_A_STATEMENT, to - begin) }, (_, at) => nameOf(begin + 1 + at));
    await pool.query(
      `insert into registry.members (organization_id, external_id, given_name, family_name, birth_date, email, phone,
         personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
       select $1, 'm' || n, given_name, family_name, date '1950-01-01' + n % 20000, 'm' || n || '@' || $5 || '.example',
         '+4790' || lpad(n::text, 8, '0'),
         case when $4 then 'v1.' || n || '.' || md5(n::text) end, case when $4 then $6 end, case when $4 then to_char(date '1950-01-01' + n % 20000, 'DD') || to_char(80 + extract(month from date '1950-01-01' + n % 20000), 'FM00') || to_char(date '1950-01-01' + n % 20000, 'YY') || '*****' end,
         case when $4 then 'import'::registry.source end, case when $4 then now() end
       from unnest($2::text[], $3::text[]) with ordinality as named(given_name, family_name, place)
       cross join lateral (select ($7::int + place)::int as n) as nth`,
      [
        organization.id,
        names.map(({ givenName }) => givenName),
        names.map(({ familyName }) => familyName),
        options.withNumber,
        organization.slug,
        SEALED,
        begin,
      ],
    );
  }
  await pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     select organization_id, 'https://provider.example/', 's' || substr(external_id, 2), id, 'vipps', 'number'
     from registry.members where organization_id = $1 and substr(external_id, 2)::int between $2 and $3`,
    [organization.id, from + 1, Math.min(to, from + (options.linked ?? to))],
  );
}

/** Arguments of `login.record_observation` for the login of member n. */
export function loginOf(organization: BenchOrganization, n: number): unknown[] {
  const { givenName, familyName } = nameOf(n);
  return [
    organization.slug,
    `s${n}`,
    `v1.${n}.${md5(n)}`,
    SEALED,
    maskOf(n),
    givenName,
    familyName,
    `+4790${String(n).padStart(8, '0')}`,
    `m${n}@${organization.slug}.example`,
  ];
}

/** Six date digits as of a synthetic number: as many different ones as people have birthdays. */
function maskOf(n: number): string {
  const date = new Date(Date.UTC(1950, 0, 1 + (n % 20_000)));
  const parts = [date.getUTCDate(), 80 + date.getUTCMonth() + 1, date.getUTCFullYear() % 100];
  return `${parts.map((part) => String(part).padStart(2, '0')).join('')}*****`;
}

const md5 = (n: number) => createHash('md5').update(String(n)).digest('hex');
