-- migrate:up
-- Checks and a default that call functions of ours, which are there by now.
set local role audit_owner;

alter domain audit.sentence add constraint sentence_holds_no_number check (not private.holds_number(value));

alter table audit.events alter column epoch set default audit.current_epoch();

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
