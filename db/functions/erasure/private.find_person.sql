-- Everything by which rows of a person are found (private.personal_data), asked for once. A login belongs to the person where it is or was linked to
-- a record of theirs, where it has the number of one and is nobody else's, or where a case about these records alone came of it. What belongs to
-- another member by now is that member's.
create or replace function private.find_person(p_organization_id uuid, p_member_ids uuid[])
returns private.person
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  p private.person;
  v_named uuid[]; -- cases
begin
  p.organization_id := p_organization_id;
  p.member_ids := p_member_ids;
  select array_remove(array_agg(m.external_id), null), array_agg(m.user_id) into p.external_ids, p.user_ids
  from registry.members as m where m.id = any (p.member_ids);
  p.session_ids := array(
    select s.id from registry.sessions as s where s.organization_id = p.organization_id and s.member_id = any (p.member_ids));
  v_named := array(
    select c.id from registry.conflicts as c where c.organization_id = p.organization_id and c.member_id = any (p.member_ids)
    union
    select c.id from registry.conflicts as c where c.organization_id = p.organization_id and c.other_member_id = any (p.member_ids)
    union -- as the two indexes have them
    select c.id from registry.conflicts as c where c.candidates && p.member_ids and c.closed_at is null
    union
    select c.id from registry.conflicts as c where c.candidates && p.member_ids and c.closed_at is not null and c.candidates <> '{}');
  p.observation_ids := array(
    select o.id from registry.observations as o where o.organization_id = p.organization_id and o.member_id = any (p.member_ids)
    union
    select o.id from registry.observations as o where o.organization_id = p.organization_id and o.requested_member_id = any (p.member_ids)
    union
    select k.observation_id from registry.link_proposals as k where k.session_id = any (p.session_ids));
  p.logins := array(
    select row(l.issuer, l.subject)::registry.login_key from registry.identity_links as l
    where l.organization_id = p.organization_id and l.member_id = any (p.member_ids)
    union
    select row(o.issuer, o.subject)::registry.login_key from registry.observations as o
    where o.id = any (p.observation_ids) and o.subject is not null and not exists (
      select from registry.identity_links as l
      where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject and l.member_id <> all (p.member_ids)));
  p.numbers := array(
    select n.index from (
      select m.personnummer_index from registry.members as m where m.id = any (p.member_ids)
      union
      select unnest(o.personnummer_index || o.personnummer_index_previous) from registry.observations as o where o.id = any (p.observation_ids)
    ) as n(index)
    where n.index is not null and not exists (
      select from registry.members as other
      where other.organization_id = p.organization_id and other.personnummer_index = n.index and other.id <> all (p.member_ids)));
  p.observation_ids := p.observation_ids || array(
    select o.id from unnest(p.logins) as l
    join registry.observations as o on o.organization_id = p.organization_id and o.issuer = l.issuer and o.subject = l.subject and o.member_id is null
    union
    select o.id from registry.observations as o
    where o.organization_id = p.organization_id and o.personnummer_index = any (p.numbers) and o.member_id is null
    union
    select c.observation_id from registry.conflicts as c join registry.observations as o on o.id = c.observation_id
    where c.id = any (v_named) and o.member_id is null
      and array_remove(c.candidates || array[c.member_id, c.other_member_id], null) <@ p.member_ids
      and not exists (
        select from registry.identity_links as l
        where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject and l.member_id <> all (p.member_ids))
    except
    select unnest(p.observation_ids));
  p.push_ids := array(
    select u.id from sync.pushes as u where u.organization_id = p.organization_id and u.member_id = any (p.member_ids));
  p.conflict_ids := array(
    select unnest(v_named)
    union
    select c.id from registry.conflicts as c where c.observation_id = any (p.observation_ids)
    union
    select c.id from registry.conflicts as c
    where c.organization_id = p.organization_id and c.state = 'proposed' and (c.proposal).member_id = any (p.member_ids)
    union
    select r.conflict_id from registry.resolutions as r
    where (r.before).link_after = any (p.member_ids) or (r.before).link_before = any (p.member_ids));
  return p;
end
$$;
comment on function private.find_person is 'In: an organisation, all records of a person (private.family_of), or of several persons. Out: everything by which their rows are found.';
