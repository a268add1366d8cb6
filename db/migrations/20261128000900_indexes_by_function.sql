-- migrate:up
-- Indexes over what a function of ours makes of a column. They stand after the functions.
set local role registry_owner;

create index members_email on registry.members (organization_id, private.email_key(email)) where email is not null;
create unique index coordinators_invitation on registry.coordinators (organization_id, private.email_key(email)) where state = 'invited';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
