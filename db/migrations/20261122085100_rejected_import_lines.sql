-- migrate:up
set local role registry_owner;

alter table registry.import_lines add column rejected boolean not null default false;
comment on column registry.import_lines.rejected is 'The row was not imported; its member is in the file all the same, and not absent. A later row of the same member is its first.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
