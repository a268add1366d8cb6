-- What a rule answered, handed to the caller: a refusal gets its HTTP status and its audit event here.
create or replace function private.answer(p_action text, p_id uuid, p_answer jsonb)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_answer ? 'code' then
    return p_answer || private.refuse(p_action, p_answer ->> 'code', p_id);
  end if;
  return p_answer;
end
$$;
comment on function private.answer is 'In: what was asked, the id asked about, what came of it. Out: the answer.';
