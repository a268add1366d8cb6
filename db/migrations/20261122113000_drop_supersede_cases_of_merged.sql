-- migrate:up
set local role registry_owner;

-- Replaced by private.close_cases_of_merged; the name goes to what all such closings have in common now.
drop function private.supersede_cases(registry.conflicts, text);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
