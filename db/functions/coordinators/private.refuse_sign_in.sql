-- Anybody with an account at the organisation's provider may try, as often as they like. Neither the address nor the subject is written down.
create or replace function private.refuse_sign_in(p_organization_id uuid, p_email text, p_email_verified boolean)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_invited constant boolean := exists (
    select from registry.coordinators as c
    where c.organization_id = p_organization_id and c.state = 'invited' and private.email_key(c.email) = private.email_key(p_email));
  v_reason constant text := case when not v_invited then 'not_invited' when not coalesce(p_email_verified, false) then 'email_not_verified'
    else 'invitation_expired' end;
begin
  perform private.record_repeatable(p_organization_id || ' ' || v_reason, 'sign_in_refused', 'staff-login', p_organization_id,
    format('Somebody whom the staff provider knows was not signed in: %s.', replace(v_reason, '_', ' ')),
    p_detail => jsonb_build_object('reason', v_reason));
  return v_reason;
end
$$;
comment on function private.refuse_sign_in is 'In: organisation, e-mail address of the login, whether it is verified. Out: the reason. Appends the audit event, or counts it.';
