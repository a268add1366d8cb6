-- migrate:up
-- api.worklist tells whether there is a key to seal for: a public one, and the organisation's own.
set local role registry_owner;

grant select (receiver_key) on sync.member_systems to authenticated;

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
