-- migrate:up
-- Functions whose arguments or results change in the next migration, or whose work others do now.
set local role registry_owner;

drop function private.recognised_member(registry.observations);
drop function private.confirm_observation(registry.observations);
drop function private.new_observation(text, text, text, text, boolean);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
