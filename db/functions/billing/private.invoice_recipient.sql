-- All that invoices may know of a member: what the invoice service can be asked with, of the one member who is invoiced. It reads, and is
-- stable: PostgreSQL lets nothing be written in it. A number that is in question in an open case is not used: it may be somebody else's.
create or replace function private.invoice_recipient(p_organization_id uuid, p_member_id uuid)
returns table (
  given_name text, family_name text, phone text, email text, birth_date text, personnummer_sealed text, personnummer_index text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.given_name, m.family_name, m.phone, m.email, to_char(m.birth_date, 'YYYY-MM-DD'),
    case when not d.disputed then m.personnummer_sealed end, case when not d.disputed then m.personnummer_index end
  from registry.members as m
  cross join lateral (
    select exists (
      select from registry.conflicts as c
      where c.organization_id = m.organization_id and c.closed_at is null and private.disputes_number(c.kind)
        and (c.member_id = m.id or c.other_member_id = m.id or c.candidates @> array[m.id])) as disputed
  ) as d
  where m.organization_id = p_organization_id and m.id = p_member_id and m.erased_at is null
$$;
comment on function private.invoice_recipient is 'In: an organisation, a member of it. Out: name, contact data, birth date (yyyy-mm-dd), number at rest; no row: there is none, or it was erased.';
grant execute on function private.invoice_recipient to billing_owner;
