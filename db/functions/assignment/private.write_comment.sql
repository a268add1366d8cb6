-- The one place where a comment is written. The audit knows that there is one and how long it is; the text can be erased with the person that it
-- is about, and an event cannot.
create or replace function private.write_comment(c registry.conflicts, p_user_id uuid, p_text text)
returns registry.conflict_comments
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  k registry.conflict_comments;
begin
  if not private.says_nothing(p_text) then
    insert into registry.conflict_comments (organization_id, conflict_id, user_id, text)
    values (c.organization_id, c.id, p_user_id, p_text)
    returning * into k;
    perform private.record_event('case_commented', 'coordinator', c.organization_id, 'A comment was written on the case.',
      p_member_id => coalesce(c.member_id, c.candidates[1]), p_conflict_id => c.id, p_push_id => c.push_id,
      p_detail => jsonb_build_object('kind', c.kind, 'comment_id', k.id, 'user_id', p_user_id, 'length', length(p_text)));
  end if;
  return k;
end
$$;
comment on function private.write_comment is 'In: a locked case, whose comment, its text (null or blank: there is none). Out: the comment.';
