-- What e-mail addresses are compared by: case of every script, letters composed or decomposed, invisible characters and white space are forgiven,
-- whatever the database's locale. Nothing else is: ole and olé, yildiz and yıldız are two mailboxes, and whoever owns gmaıl.com must not be
-- taken for somebody at gmail.com. An index is made of it: who changes this function makes registry.members_email anew.
create or replace function private.email_key(p_email text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(p_email) = length(p_email) then
    return lower(translate(p_email, E' \t\n\r', '') collate "C");
  end if;
  return normalize(private.lower_letters(normalize(regexp_replace(private.without_invisible(p_email) collate "C",
    '[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', '', 'g'), nfd)), nfc);
end
$$;
comment on function private.email_key is 'In: an e-mail address. Out: the form in which two spellings of one address are equal.';
