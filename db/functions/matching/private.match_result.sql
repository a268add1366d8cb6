-- Puts a decision of the match rules into words and data: which match rule, what agreed, what disagreed. Stored with the link, the
-- observation and the audit event, so that anybody can see later why a login was taken for a member.
create or replace function private.match_result(
  p_match_rule text, p_candidate private.candidate, p_sane boolean, p_candidates private.candidate[]
)
returns private.match_result
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select
    case
      when p_match_rule is not null then case when p_sane then 'found' else 'name_mismatch' end
      else case when p_sane then 'unlinked' else 'ambiguous' end
    end::private.verdict,
    case when p_match_rule is not null and p_sane then p_candidate.member_id end,
    p_match_rule,
    case
      when p_match_rule is not null then array[p_candidate.member_id]
      else (select coalesce(array_agg(c.member_id order by c.member_id), '{}') from unnest(p_candidates) as c)
    end,
    jsonb_strip_nulls(jsonb_build_object(
      'match_rule', p_match_rule,
      'candidates', cardinality(p_candidates),
      'agreed', to_jsonb(e.agreed),
      'disagreed', to_jsonb(e.disagreed)
    )),
    null::boolean
  from private.explain_candidate(p_candidate) as e
$$;
comment on function private.match_result is 'In: match rule (null: none), its candidate, whether it passed the sanity check (or: whether nobody was pointed at), all candidates. Out: the match result.';
