-- What a coordinator judged, in one value: the records concerned, the login and whose it is, the key in force. Another value later means that
-- somebody would approve what nobody has looked at. Records are compared by what people see of them, not by their version: that rises
-- too where the index is renewed. Of the number there is only what is shown, and when it was written.
create or replace function private.digest_evidence(p_conflict_id uuid, p_member_id uuid)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select encode(sha256(convert_to(jsonb_build_object(
    'members', (
      select jsonb_agg(jsonb_build_array(m.id, m.given_name, m.family_name, m.birth_date, m.email, m.phone, m.personnummer_masked,
        m.personnummer_at, m.merged_into) order by m.id)
      from registry.members as m where m.id = any (c.candidates || array[c.member_id, c.other_member_id, p_member_id]
        || case when c.kind = 'erasure' then private.family_of(c.member_id) end)),
    'login', (
      select jsonb_build_array(o.given_name, o.family_name, o.birth_date, o.email, o.phone, o.personnummer_masked, l.member_id)
      from registry.observations as o
      left join registry.identity_links as l
        on l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject
      where o.id = c.observation_id),
    'key', (select s.receiver_key from sync.member_systems as s where s.organization_id = c.organization_id and c.kind = 'receiver_key'),
    'snapshot', c.detail -> 'digest'
  )::text, 'UTF8')), 'hex')
  from registry.conflicts as c where c.id = p_conflict_id;
end;
comment on function private.digest_evidence is 'In: a case, for link_login the member. Out: SHA-256 over what a coordinator sees of its records and its login.';
grant execute on function private.digest_evidence to authenticated; -- called by private.proposal_is_outdated
