-- Figures of what was counted.
create or replace view api.grant_figures with (security_invoker = true) as
select f.snapshot_id, g.slug as organization, f.dimension, f.key, f.name, f.counted, f.verified
from reporting.snapshot_figures as f join registry.organizations as g on g.id = f.organization_id;
comment on view api.grant_figures is 'Figures of a snapshot by county, municipality, birth year, chapter, and by reason of those who do not count. Small ones are for the organisation only.';
comment on column api.grant_figures.snapshot_id is 'The snapshot.';
comment on column api.grant_figures.organization is 'Whose members (slug).';
comment on column api.grant_figures.dimension is 'What is told apart.';
comment on column api.grant_figures.key is 'Number of the place in the division of the base year, year, chapter or code; empty: not known.';
comment on column api.grant_figures.name is 'Name of the place in that year.';
comment on column api.grant_figures.counted is 'How many persons count; for a reason: how many records do not.';
comment on column api.grant_figures.verified is 'How many of them have a verified number.';
grant select on api.grant_figures to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.grant_figures
for each row execute function private.tg__refuse_write();
