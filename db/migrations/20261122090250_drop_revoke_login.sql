-- migrate:up
set local role registry_owner;

drop function private.revoke_login(registry.identity_links, timestamptz);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
