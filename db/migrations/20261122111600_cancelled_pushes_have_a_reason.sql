-- migrate:up
-- After the functions that write the reason: until then a callback of the version before cancels pushes without one.
set local role registry_owner;

update sync.pushes set consent_withdrawn_at = settled_at where state = 'cancelled' and consent_withdrawn_at is null;
alter table sync.pushes add constraint pushes_cancelled_has_reason check (state <> 'cancelled' or consent_withdrawn_at is not null);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
