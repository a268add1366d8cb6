import type pg from 'pg';

export type Traps = {
  /** How often a trap sprang for anybody but the caller; a rollback does not undo it. */
  sprung(): Promise<number>;
  reset(): Promise<void>;
};

/**
 * Fills the connection's temporary schema with objects of every name that SQL of ours mentions, each of which calls
 * `pg_temp.spring()`: domains over PostgreSQL's types, views in place of our tables and types, operators, functions, casts, collations.
 *
 * @param role who the caller is: what runs as anybody else is caught
 */
export async function layTraps(client: pg.Client, role: string): Promise<Traps> {
  const sequence = async (question: string) => Number((await client.query(question)).rows[0].n);
  await client.query(`
    set statement_timeout = 0;
    create temporary sequence caught;
    grant all on sequence pg_temp.caught to public;
    create function pg_temp.spring() returns pg_catalog.bool language plpgsql as $$
    begin
      if current_user operator(pg_catalog.<>) '${role}'::pg_catalog.name then
        perform pg_catalog.nextval('pg_temp.caught'::pg_catalog.regclass);
      end if;
      return true;
    end $$;
    create function pg_temp.spring_for_row() returns trigger language plpgsql as $$
    begin
      perform pg_temp.spring();
      return new;
    end $$`);
  await client.query(LAY);
  return {
    sprung: () => sequence('select case when is_called then last_value else 0 end as n from pg_temp.caught'),
    reset: async () => void (await client.query(`select pg_catalog.setval('pg_temp.caught', 1, false)`)),
  };
}

const LAY = `
do $lay$
declare
  r pg_catalog.record;
begin
  -- Casts first: a type of ours that is implicitly the caller's text.
  create type pg_temp.caster as enum ('caster');
  create function pg_temp.cast_it(pg_temp.caster) returns pg_catalog.text language plpgsql as
    $$ begin perform pg_temp.spring(); return 'x'; end $$;
  create cast (pg_temp.caster as pg_catalog.text) with function pg_temp.cast_it(pg_temp.caster) as implicit;
  grant usage on type pg_temp.caster to public;

  for r in
    select distinct p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid) as arguments
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and p.prokind = 'f' and p.pronargs <= 2 and p.proargmodes is null
      and not exists (select from pg_catalog.unnest(p.proargtypes) as a(t)
                      join pg_catalog.pg_type as y on y.oid = a.t where y.typtype = 'p')
      and p.proname in (
        select called[1] from pg_catalog.pg_proc as ours join pg_catalog.pg_namespace as n on n.oid = ours.pronamespace
        cross join lateral pg_catalog.regexp_matches(ours.prosrc, '(\\w+)\\(', 'g') as called
        where n.nspname in ('registry', 'sync', 'audit', 'reporting', 'private', 'login', 'worker', 'import', 'api'))
  loop
    execute pg_catalog.format('create or replace function pg_temp.%I(%s) returns pg_catalog.text language plpgsql as
      ''begin perform pg_temp.spring(); return null; end''', r.proname, r.arguments);
  end loop;

  for r in
    select distinct o.oprname, o.oprleft::pg_catalog.regtype as l, o.oprright::pg_catalog.regtype as r
    from pg_catalog.pg_operator as o
    where o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace and o.oprresult = 'pg_catalog.bool'::pg_catalog.regtype
      and o.oprname in ('=', '<>', '<', '>', '<=', '>=', '~', '!~', '~~', '@>', '?')
      and o.oprleft in ('text'::pg_catalog.regtype, 'uuid'::pg_catalog.regtype, 'jsonb'::pg_catalog.regtype, 'int4'::pg_catalog.regtype,
        'timestamptz'::pg_catalog.regtype, 'date'::pg_catalog.regtype, 'bool'::pg_catalog.regtype, 'int8'::pg_catalog.regtype)
      and o.oprright = o.oprleft
  loop
    execute pg_catalog.format('create or replace function pg_temp.compare(%s, %s) returns pg_catalog.bool language plpgsql as
      ''begin perform pg_temp.spring(); return true; end''', r.l, r.r);
    execute pg_catalog.format('create operator pg_temp.%s (leftarg = %s, rightarg = %s, function = pg_temp.compare)', r.oprname, r.l, r.r);
  end loop;

  for r in select distinct c.collname from pg_catalog.pg_collation as c
    where c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace and c.collname in ('C', 'POSIX', 'ucs_basic', 'unicode', 'und-x-icu', 'nb-NO-x-icu')
  loop
    execute pg_catalog.format('create collation pg_temp.%I from pg_catalog."POSIX"', r.collname);
  end loop;

  -- What our schemas and the queue hold, as views that also take rows, and whose row types spring when a field is set.
  create domain pg_temp.sprung as pg_catalog.uuid check (pg_temp.spring());
  grant usage on type pg_temp.sprung to public;
  for r in
    select distinct c.relname from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in ('registry', 'sync', 'audit', 'reporting', 'private', 'api', 'graphile_worker') and c.relkind in ('r', 'p', 'v', 'c')
  loop
    execute pg_catalog.format('create view pg_temp.%I as select null::pg_temp.sprung as id where pg_temp.spring()', r.relname);
    execute pg_catalog.format('grant all on pg_temp.%I to public', r.relname);
    execute pg_catalog.format('create trigger spring instead of insert or update or delete on pg_temp.%I
      for each row execute function pg_temp.spring_for_row()', r.relname);
  end loop;

  -- Types last: from here on an unqualified name means the trap.
  for r in
    select distinct t.typname, t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace as builtin
    from pg_catalog.pg_type as t join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
    where t.typtype in ('b', 'r', 'm', 'e', 'd') and t.typcategory <> 'A'
      and n.nspname in ('pg_catalog', 'registry', 'sync', 'audit', 'reporting', 'private', 'graphile_worker')
      and not exists (select from pg_catalog.pg_type as known
                      where known.typname = t.typname and known.typnamespace = pg_catalog.pg_my_temp_schema())
  loop
    execute pg_catalog.format('create domain pg_temp.%I as pg_catalog.%I check (pg_temp.spring())', r.typname,
      case when r.builtin then r.typname else 'text' end);
    execute pg_catalog.format('grant usage on type pg_temp.%I to public', r.typname);
  end loop;
end
$lay$`;
