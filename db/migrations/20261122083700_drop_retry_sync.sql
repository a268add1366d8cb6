-- migrate:up
-- Functions that get another argument in the next migration.
set local role registry_owner;

drop function api.retry_sync(uuid, uuid[], text);
drop function private.retry_sync(uuid, uuid[], text);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
