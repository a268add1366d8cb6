-- Every refusal a coordinator can meet, or a member. An id of another organisation and one that does not exist are answered the same.
create or replace function private.refusals()
returns table (code text, status integer, message text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  values
    ('not_found', 404, 'There is no such row for you.'),
    ('stale_version', 409, 'The case, or the record, has changed since you looked at it. Read it again and decide on what it says now.'),
    ('not_open', 409, 'The case is settled already.'),
    ('awaits_approval', 409, 'A decision on this case is proposed already: another coordinator approves or declines it, or the first withdraws it.'),
    ('not_proposed', 409, 'No decision on this case waits for approval.'),
    ('own_proposal', 409, 'You proposed this yourself. Another coordinator approves or declines it; you can withdraw it.'),
    ('not_your_proposal', 409, 'Another coordinator proposed this. You can decline it.'),
    ('already_assigned', 409, 'A colleague looks after this case. Give it back first, then take it.'),
    ('date_unusable', 422, 'A case is postponed until a day from tomorrow on, within a year.'),
    ('text_missing', 422, 'Write something.'),
    ('too_many_comments', 409, 'The case has two hundred comments already.'),
    ('number_of_cases', 422, 'Name from 1 to 200 cases, and beside each its version.'),
    ('several_classes', 422, 'The cases are not of one kind and class. Decide on those of each class together. Nothing was done.'),
    ('key_is_private', 422, 'This is a private key, which belongs to nobody else. Throw it away, make a new pair, and send the public one.'),
    ('key_unusable', 422, 'This is no public key that numbers can be sealed for: a JWK of X25519 or P-256.'),
    ('unknown_decision', 422, 'There is no such decision.'),
    ('decision_not_applicable', 422, 'That decision cannot be made of a case of this kind.'),
    ('number_taken', 409, 'Another member has this number. Settle which of the two records is the person''s first.'),
    ('evidence_changed', 409, 'The records or the login have changed since, so this can no longer be done. Look at the case again.'),
    ('capture_off', 409, 'The organisation has not recorded its legal basis for storing numbers, or why they are necessary.'),
    ('already_linked', 409, 'The login is linked to a member already.'),
    ('member_erased', 409, 'The person was erased, or is about to be: nothing more is decided about the record.'),
    ('person_in_reason', 422, 'The reason tells who it is, and is kept. Write it without name, number, address or birth date.'),
    ('erasure_not_done', 409, 'The receipt is not there yet. Try again in a minute; if it stays so, the operator must look at it.'),
    ('receipt_given', 409, 'The receipt was given out already, which happens once.'),
    ('member_merged', 409, 'The member was merged into another record. Use the surviving one.'),
    ('not_failed', 409, 'The push has not failed, or a later one has taken its place.'),
    ('disputed', 409, 'The number is in question in an open case. Settle that first.'),
    ('name_one_thing', 422, 'Name one push, or up to a thousand, or one error code, or one case.'),
    ('not_waiting', 409, 'The change does not wait on the worklist any more.'),
    ('not_sealed_yet', 409, 'The number is not ready to be fetched. Try again in a minute; if it stays so, the operator must look at it.'),
    ('not_ready', 409, 'The file cannot be fetched or acknowledged: it is being written, or it is settled already.'),
    ('not_in_file', 422, 'One of the ids is not in this file. Nothing was acknowledged: look at the ids and do it again.'),
    ('not_resolved', 409, 'The case has no decision that could be undone.'),
    ('too_late', 409, 'A decision can be undone for 30 days.'),
    ('undone_too_often', 409, 'Decisions on this case were undone twenty times already. Leave it as it is, or ask the operator.'),
    ('note_too_long', 422, 'A note has 4000 characters at most.'),
    ('number_in_note', 422, 'The note holds eleven digits that may be a personnummer. Write it without them.'),
    ('query_unusable', 422, 'Write two letters or more of each name, or a birth date, a phone, an e-mail address or a member number.'),
    ('limit_unusable', 422, 'From 1 to 50 members are shown at a time.'),
    ('number_in_query', 422, 'Nobody is found by a personnummer. Search by name, birth date, phone, e-mail address or member number.'),
    ('nothing_to_withdraw', 409, 'There is no consent of yours that could be withdrawn.'),
    ('unknown_language', 422, 'The language is nb, nn or en.'),
    ('newer_change', 409, 'Something newer depends on this decision. Undo or settle that first.')
$$;
comment on function private.refusals is 'Out: code, HTTP status and message of every refusal.';
