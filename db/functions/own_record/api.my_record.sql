-- A member asks: what do you have on me?
create or replace view api.my_record with (security_invoker = true) as
select
  r.organization, r.organization_name, r.member_external_id, r.given_name, r.family_name, r.birth_date, r.email, r.phone,
  r.personnummer_masked, r.personnummer_source, r.personnummer_at, r.legal_basis, r.consent_is_basis, r.delivery, r.sent_to,
  r.sent_at, r.logins, r.created_at, r.updated_at, r.municipality, r.address, r.postal_code, r.chapter, r.member_since, r.member_until, r.dues
from private.my_record() as r;
comment on view api.my_record is 'The record of the member whose access token it is: one row, or none for anybody else.';
comment on column api.my_record.organization is 'The organisation (slug).';
comment on column api.my_record.organization_name is 'The organisation, for people.';
comment on column api.my_record.member_external_id is 'The member''s number in the member system.';
comment on column api.my_record.given_name is 'Given name.';
comment on column api.my_record.family_name is 'Family name.';
comment on column api.my_record.birth_date is 'Birth date.';
comment on column api.my_record.email is 'E-mail address.';
comment on column api.my_record.phone is 'Phone, E.164.';
comment on column api.my_record.personnummer_masked is 'The recorded personnummer, masked; null: none.';
comment on column api.my_record.personnummer_source is 'Where it came from.';
comment on column api.my_record.personnummer_at is 'Since when it is recorded.';
comment on column api.my_record.legal_basis is 'The organisation''s legal basis for keeping it, in its own words; null: there is no number.';
comment on column api.my_record.consent_is_basis is 'Whether it was stored with consent: then api.withdraw_my_consent removes it.';
comment on column api.my_record.delivery is 'Whether it reached the member system: none (nothing was to be carried), waiting, sent, not_sent (refused or stopped), removed (taken out there).';
comment on column api.my_record.sent_to is 'How it was carried: over an interface (http), in a sealed file (file), by a person (worklist); null: the number of now was not.';
comment on column api.my_record.sent_at is 'When the number of now was carried there last.';
comment on column api.my_record.logins is 'What the member can log in with.';
comment on column api.my_record.created_at is 'When the record was made here.';
comment on column api.my_record.updated_at is 'When it was last changed.';
comment on column api.my_record.municipality is 'Municipality, as the last import had it.';
comment on column api.my_record.address is 'Address.';
comment on column api.my_record.postal_code is 'Postal code.';
comment on column api.my_record.chapter is 'Local chapter.';
comment on column api.my_record.member_since is 'First day of membership.';
comment on column api.my_record.member_until is 'Last day of membership; null: still a member.';
comment on column api.my_record.dues is 'What was paid, the last year first: [{"year", "paid_on", "amount"}], in øre.';
grant select on api.my_record to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_record
for each row execute function private.tg__refuse_write();
