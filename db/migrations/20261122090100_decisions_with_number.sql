-- migrate:up
-- The retention task finds by it the decisions that still hold the number they replaced; each leaves the index when the number is
-- erased, so it is as small as a month's decisions.
set local role registry_owner;

create index resolutions_with_number on registry.resolutions (decided_at)
  where coalesce(before #>> '{number,sealed}', before #>> '{survivor_number,sealed}') is not null;

comment on column registry.resolutions.before is 'The state before: link, sealed number (erased after 31 days), moved rows. Read by undo only.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
