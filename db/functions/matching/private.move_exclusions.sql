-- What coordinators found out goes with a merge: a login that is not the one person is not the other, unless it is known to be. The merge
-- is the newer decision: a login that comes with the merged record is the survivor's, whatever was found before, until the merge is undone.
create or replace function private.move_exclusions(
  p_organization_id uuid, p_from uuid, p_to uuid, p_undone registry.before_decision default null,
  out moved registry.login_key[], out set_aside registry.login_key[]
)
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with moved as (
    update registry.excluded_links as x set member_id = p_to
    where organization_id = p_organization_id and member_id = p_from
      and (p_undone is null or row(issuer, subject)::registry.login_key = any (p_undone.moved_exclusions))
      and not exists (
        select from registry.excluded_links as known
        where (known.organization_id, known.issuer, known.subject, known.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
      and not exists (
        select from registry.identity_links as l
        where (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_to))
    returning issuer, subject
  ), set_aside as (
    delete from registry.excluded_links as x using registry.identity_links as l
    where p_undone is null and x.organization_id = p_organization_id and x.member_id = p_to
      and (l.organization_id, l.issuer, l.subject, l.member_id) = (x.organization_id, x.issuer, x.subject, p_from)
    returning x.issuer, x.subject
  ), put_back as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select p_organization_id, s.issuer, s.subject, p_from
    from unnest(p_undone.set_aside) as s
    where not exists ( -- a coordinator gave the login to the survivor since
      select from registry.identity_links as l
      where (l.organization_id, l.issuer, l.subject, l.member_id) = (p_organization_id, s.issuer, s.subject, p_from))
    on conflict do nothing
  )
  select array(select row(m.issuer, m.subject)::registry.login_key from moved as m),
    array(select row(s.issuer, s.subject)::registry.login_key from set_aside as s)
$$;
comment on function private.move_exclusions is 'In: organisation, member from, member to, the state before the merge that is undone (null: a merge). Out: logins whose exclusion moved, or was set aside. In an undo called after the links went back, otherwise before they move.';
