-- What coordinators found out goes with a merge: a login that is not the one person is not the other, unless it is known to be. The merge
-- is the newer decision: a login that comes with the merged record is the survivor's, whatever was found before, until the merge is undone.
create or replace function private.move_exclusions(p_organization_id uuid, p_from uuid, p_to uuid, p_only jsonb default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with moved as (
    update registry.excluded_links as x set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from
      and (p_only is null or p_only -> 'excluded' ? (issuer || ' ' || subject))
      and not exists (
        select from registry.excluded_links as known
        where (known.organization_id, known.issuer, known.subject, known.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
      and not exists (
        select from registry.identity_links as l
        where (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
    returning issuer || ' ' || subject as id
  ), set_aside as (
    delete from registry.excluded_links as x using registry.identity_links as l
    where p_only is null and x.organization_id = p_organization_id and x.member_id = p_to
      and (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_from)
    returning x.issuer, x.subject
  ), put_back as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select p_organization_id, s.issuer, s.subject, p_from
    from jsonb_to_recordset(p_only -> 'set_aside') as s(issuer text, subject text)
    where not exists ( -- a coordinator gave the login to the survivor since
      select from registry.identity_links as l
      where (l.organization_id, l.issuer, l.subject, l.member_id) = (p_organization_id, s.issuer, s.subject, p_from))
    on conflict do nothing
  )
  select jsonb_build_object(
    'excluded', coalesce((select jsonb_agg(id) from moved), '[]'),
    'set_aside', coalesce((select jsonb_agg(to_jsonb(s)) from set_aside as s), '[]'))
$$;
comment on function private.move_exclusions is 'In: organisation, member from, member to, what an earlier call answered (undo) or null. Out: logins whose exclusion moved, or was set aside. In an undo called after the links went back, otherwise before they move.';
