-- The reverse of what a decision did, step by step, from what was kept with it.
create or replace function private.restore_before(c registry.conflicts, b registry.before_decision)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = c.observation_id;
  delete from registry.excluded_links as x
  where (x.organization_id, x.issuer, x.subject) = (o.organization_id, o.issuer, o.subject) and x.member_id = any (b.excluded);
  if b.survivor is not null then
    perform private.separate_members(c, b);
  elsif b.member_id is not null then
    perform private.change_number(c.organization_id, b.member_id, b.number, 'number_restored',
      format('The record has the personnummer again that it had before the decision (%s).', coalesce((b.number).masked, 'none')), c.id);
  end if;
  if b.link_before is not null then
    perform private.set_link(o, b.link_before);
  elsif b.link_after is not null then
    perform private.remove_link(o, b.link_after, 'The link was taken back with the decision that made it.', c.id);
  end if;
end
$$;
comment on function private.restore_before is 'In: a locked case, the state before its decision. Puts that state back.';
