-- The events that a member sees of the own record, each with its sentence for the member. What is not here is not shown: coordinators' work on a
-- case, and what happens inside the machinery.
create or replace function private.member_sentences()
returns table (event text, message text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  values
    ('filled', 'You logged in, and your personnummer was recorded.'),
    ('confirmed', 'You logged in with the recorded personnummer. Nothing was changed.'),
    ('conflict', 'You logged in, and your login did not agree with the recorded personnummer. Nothing was changed; the organisation looks into it.'),
    ('duplicate', 'You logged in, and your personnummer could not be recorded. The organisation looks into it.'),
    ('inconsistent', 'You logged in, and two steps of the login contradicted each other. Nothing was stored; the organisation looks into it.'),
    ('absent', 'You logged in. No personnummer was stored of this login.'),
    ('linked', 'A login was linked to your record.'),
    ('link_moved', 'The organisation linked a login to your record.'),
    ('link_removed', 'A login was taken away from your record.'),
    ('number_accepted', 'The organisation recorded a personnummer.'),
    ('number_restored', 'The organisation took a change of the personnummer back.'),
    ('number_removed', 'Your personnummer was removed, because you withdrew your consent.'),
    ('consent_given', 'You consented to the storing of your personnummer.'),
    ('consent_refused', 'You did not consent to the storing of your personnummer.'),
    ('consent_withdrawn', 'Your consent was withdrawn. What was not sent yet is not sent any more.'),
    ('consent_renewed', 'You logged in again after your consent was withdrawn.'),
    ('session_opened', 'You were logged in to the app.'),
    ('session_ended', 'A login to the app ended.'),
    ('member_added', 'Your record was made, from the member system of the organisation.'),
    ('member_updated', 'Your record was changed, from the member system of the organisation.'),
    ('import_conflict', 'The member system had another personnummer than your record. The organisation looks into it.'),
    ('import_duplicate', 'The member system had a personnummer that could not be recorded. The organisation looks into it.'),
    ('push_delivered', 'The change reached the member system of the organisation.'),
    ('push_marked_done', 'Somebody at the organisation carried the change into the member system.'),
    ('push_rejected', 'The member system refused the change. The organisation looks into it.'),
    ('push_given_up', 'The change did not reach the member system. The organisation looks into it.'),
    ('push_cancelled', 'The change was stopped before it was sent.'),
    ('number_fetched', 'Somebody at the organisation looked at your personnummer, to carry it into the member system.'),
    ('member_exported', 'The organisation took out a copy of what is stored about you.')
$$;
comment on function private.member_sentences is 'Out: each event that members see, and what it says to them.';
