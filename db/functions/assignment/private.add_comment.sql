-- What a colleague should know, whatever becomes of the case.
create or replace function private.add_comment(p_conflict_id uuid, p_text text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.conflicts := private.lock_case(p_conflict_id);
  v_refusal constant text := case
    when c.id is null then 'not_found'
    when private.says_nothing(p_text) then 'text_missing'
    else coalesce(private.why_not_note(p_text), private.why_not_comment(c.id))
  end;
  k registry.conflict_comments;
begin
  if v_refusal is not null then
    return private.refuse('add_comment', v_refusal, p_conflict_id);
  end if;
  k := private.write_comment(c, private.caller_id(), p_text);
  perform private.keep_assignment(c.id);
  return jsonb_build_object('conflict_id', c.id, 'comment_id', k.id, 'written_at', k.written_at);
end
$$;
comment on function private.add_comment is 'See api.add_comment.';
grant execute on function private.add_comment to authenticated;
