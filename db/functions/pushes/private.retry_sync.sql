-- One push answers as it is; several answer how many. The refusal of one does not stop the others.
create or replace function private.retry_sync(p_push_id uuid, p_push_ids uuid[], p_error_code text, p_conflict_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[] := p_push_ids;
  v_answer jsonb;
  v_queued integer;
begin
  if num_nonnulls(p_push_id, p_push_ids, p_error_code, p_conflict_id) <> 1 or cardinality(p_push_ids) > 1000 then
    return private.refuse('retry_sync', 'name_one_thing', coalesce(p_push_id, p_conflict_id));
  elsif num_nonnulls(p_push_id, p_conflict_id) = 1 then
    v_answer := case when p_push_id is null then private.retry_case(p_conflict_id) else (private.retry_pushes(array[p_push_id]))[1] end;
    return case when v_answer ? 'code'
      then private.refuse('retry_sync', v_answer ->> 'code', coalesce(p_push_id, p_conflict_id)) else v_answer end;
  elsif p_error_code is not null then
    v_ids := array(
      select p.id from sync.pushes as p
      where p.organization_id = any (private.coordinator_organizations()) and p.error_code = p_error_code
        and (p.state in ('rejected', 'given_up') or p.state = 'pending') and not private.is_followed(p)
      order by p.created_at limit 1000);
  end if;
  select count(*) filter (where not t.answer ? 'code') into v_queued from unnest(private.retry_pushes(v_ids)) as t(answer);
  return jsonb_build_object('queued', v_queued, 'not_queued', cardinality(v_ids) - v_queued);
end
$$;
comment on function private.retry_sync is 'See api.retry_sync.';
grant execute on function private.retry_sync to authenticated;
