-- migrate:up
set local role registry_owner;

-- Every claim and every settling of a push writes into each index that holds it. The few pushes that are being sent are found by
-- their places (pushes_slots) just as well as by their leases.
drop index sync.pushes_leases;

-- Its successor has an argument more.
drop function worker.finish_push(uuid, bigint, text, integer, text, integer, boolean, integer, text, text);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
