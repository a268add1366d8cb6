-- migrate:up
-- Every row with a number asks whether an earlier one waits for the same.
set local role registry_owner;

create index waiting_numbers_personnummer on registry.waiting_numbers (run_id, personnummer_index);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
