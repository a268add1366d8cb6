-- The operator's way: npm run member:erase. The operator may do anything here; who that is stands in the reason, if at all.
create or replace function worker.announce_erasure(organization text, external_id text, reason text)
returns table (erasure_id uuid, refused_as text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = announce_erasure.organization and known.external_id = announce_erasure.external_id;
  perform private.lock_family(m.id) where m.id is not null;
  select known.* into m from registry.members as known where known.id = m.id;
  refused_as := case when m.id is null then 'not_found' when m.erasure_id is not null then 'member_erased'
    else private.why_not_reason(m.id, announce_erasure.reason) end;
  erasure_id := m.erasure_id;
  if m.id is null then -- carried out, perhaps, and the member number is gone: whoever begins again is told of it
    select r.erasure_id into erasure_id
    from registry.organizations as g
    join audit.erased_records as r
      on r.organization_id = g.id and r.external_id_digest = private.digest_external_id(g.id, announce_erasure.external_id)
    join audit.erasures as e on e.id = r.erasure_id
    where g.slug = announce_erasure.organization order by e.announced_at desc limit 1;
    refused_as := case when erasure_id is null then 'not_found' else 'member_erased' end;
  end if;
  if refused_as is null then
    erasure_id := private.announce_erasure(m.id, announce_erasure.reason, 'operator', private.actor());
  end if;
  return next;
end
$$;
comment on function worker.announce_erasure is 'In: an organisation (slug), a member number, why, in words that do not tell who. Out: the erasure, announced, or the code of a refusal: not_found, member_erased (with the erasure there is), text_missing, note_too_long, number_in_note, person_in_reason.';
grant execute on function worker.announce_erasure to sync_worker;
