-- A clock that can be moved forward, for the database of `npm start -- --clock` and for no other (movable-clock.ts sees to that).
-- PostgreSQL's own functions of time answer so many seconds later from here on. They are replaced before the first migration, because a plan
-- that PostgreSQL has made already keeps what it has put in for them. What is stored is never changed, so every seal stays as it was.

create schema local_clock;
comment on schema local_clock is 'The movable clock of a local stack. Never part of a real installation.';
grant usage on schema local_clock to public;

-- A sequence: every session sees its new value at once, whatever transaction it is in.
create sequence local_clock.seconds_ahead minvalue 0 start 0;
comment on sequence local_clock.seconds_ahead is 'How far the clock of this database is ahead of the real one.';
select setval('local_clock.seconds_ahead', 0);
grant select on sequence local_clock.seconds_ahead to public;

-- The functions that are replaced below, under other names.
create function local_clock.real_now() returns timestamptz language internal stable parallel safe as 'now';
create function local_clock.real_statement_timestamp() returns timestamptz language internal stable parallel safe as 'statement_timestamp';
create function local_clock.real_clock_timestamp() returns timestamptz language internal volatile parallel safe as 'clock_timestamp';
-- Stable, other than PostgreSQL says: a condition with something volatile in it could use no index.
create function local_clock.value_of(regclass) returns bigint language internal stable as 'pg_sequence_last_value';
create function local_clock.ahead() returns interval language sql stable
as $$ select make_interval(secs => local_clock.value_of('local_clock.seconds_ahead'::regclass)) $$;

-- Not strict: PostgreSQL then puts the sum itself into each statement, which is how it finds these and not its own.
create or replace function pg_catalog.now() returns timestamptz language sql stable called on null input
as $$ select local_clock.real_now() + local_clock.ahead() $$;
create or replace function pg_catalog.transaction_timestamp() returns timestamptz language sql stable called on null input
as $$ select local_clock.real_now() + local_clock.ahead() $$;
create or replace function pg_catalog.statement_timestamp() returns timestamptz language sql stable called on null input
as $$ select local_clock.real_statement_timestamp() + local_clock.ahead() $$;
create or replace function pg_catalog.clock_timestamp() returns timestamptz language sql volatile called on null input
as $$ select local_clock.real_clock_timestamp() + local_clock.ahead() $$;
