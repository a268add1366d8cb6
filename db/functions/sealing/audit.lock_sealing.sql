-- Sealing and redacting exclude each other: a leaf of what an event said, written just when the event is redacted, would look like tampering.
-- Whoever does either takes this lock first, looks at the rows in a statement after it, and holds it until its transaction ends.
create or replace function audit.lock_sealing()
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.lock_sealing', 0));
end
$$;
comment on function audit.lock_sealing is 'Waits until nobody else seals or redacts, and keeps it so until the transaction ends.';
grant execute on function audit.lock_sealing to registry_owner;
