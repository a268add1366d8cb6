-- migrate:up
-- Functions whose arguments or results change in the next migration, or whose work others do now.
set local role registry_owner;

drop function private.claim_locked(uuid[], text[]);
drop function private.drop_jobs_of_claimed(uuid[]);
drop function private.lock_next_pushes(uuid[]);
drop function private.lock_ordinary_deliveries(uuid[], bigint[], text[]);
drop function private.take_slot(uuid, integer);
drop function private.take_slots(uuid[]);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
