-- What a member is told of the own record, and whether its number has reached the member system: the newest change says how that stands, the
-- newest one that was carried there with this very number says since when.
create or replace function private.my_record()
returns table (
  organization text, organization_name text, member_external_id text, given_name text, family_name text, birth_date date, email text,
  phone text, personnummer_masked text, personnummer_source registry.source, personnummer_at timestamptz, legal_basis text,
  consent_is_basis boolean, delivery text, sent_to sync.member_system_kind, sent_at timestamptz, logins registry.provider[],
  created_at timestamptz, updated_at timestamptz, municipality text, address text, postal_code text, chapter text, member_since date,
  member_until date, dues jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select
    g.slug, g.name, m.external_id, m.given_name, m.family_name, m.birth_date, m.email, m.phone, m.personnummer_masked,
    m.personnummer_source, m.personnummer_at, case when m.personnummer_index is not null then g.capture_basis end,
    private.consent_is_basis(m),
    case
      when newest.id is null then 'none'
      when newest.settled_at is null then 'waiting'
      when newest.state <> 'delivered' then case when sent.settled_at is null then 'not_sent' else 'sent' end
      when newest.removal then 'removed'
      else 'sent'
    end,
    case when sent.settled_at is not null then s.kind end, sent.settled_at,
    array(select distinct l.provider from registry.identity_links as l
      where l.organization_id = m.organization_id and l.member_id = m.id order by l.provider),
    m.created_at, m.updated_at, coalesce(private.place_name(home.municipality, home.municipality_year), home.municipality_written), home.address,
    home.postal_code, home.chapter, stay.since, stay.until, coalesce((
      select jsonb_agg(jsonb_build_object('year', d.year, 'paid_on', d.paid_on, 'amount', d.amount) order by d.year desc)
      from reporting.dues as d where d.member_id = m.id), '[]')
  from registry.members as m
  join registry.organizations as g on g.id = m.organization_id
  left join sync.member_systems as s on s.organization_id = m.organization_id
  left join lateral (
    select p.* from sync.pushes as p where p.organization_id = m.organization_id and p.member_id = m.id
    order by p.created_at desc, p.id limit 1) as newest on true
  left join lateral (
    select max(p.settled_at) as settled_at from sync.pushes as p
    where p.organization_id = m.organization_id and p.member_id = m.id and p.state = 'delivered'
      and p.personnummer_index = m.personnummer_index) as sent on true
  left join lateral (
    select k.* from reporting.residences as k where k.member_id = m.id order by k.known_from desc limit 1) as home on true
  left join lateral (
    select k.* from reporting.memberships as k where k.member_id = m.id order by k.since desc nulls last limit 1) as stay on true
  where m.id = (select private.calling_member())
$$;
comment on function private.my_record is 'See api.my_record.';
grant execute on function private.my_record to authenticated; -- called by the view
