-- A verified login arrives as one row; everything else follows from it here. BEFORE INSERT, so that the row is written once,
-- with its outcome. Rows that come with an outcome (confirmed by private.confirm_known_login, deferred by private.keep_observation,
-- proposed by private.propose_link) are left alone.
create or replace function private.tg_observations__settle()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return private.settle_observation(NEW);
end
$$;
comment on function private.tg_observations__settle is 'Trigger: decides what a new observation means, and acts on it.';

create or replace trigger _100_settle
before insert on registry.observations
for each row when (NEW.outcome is null) execute function private.tg_observations__settle();
