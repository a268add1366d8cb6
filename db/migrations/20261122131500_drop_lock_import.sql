-- migrate:up
set local role registry_owner;

-- Replaced by private.lock_imported, which says what it has locked.
drop function private.lock_import(registry.import_runs, private.imported_member[]);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
