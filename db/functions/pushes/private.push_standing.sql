-- Two questions that are asked of a push by several functions, written down once. A push carries one value: when the record holds another by
-- now, or none, a later push carries that one; and a record that was merged into another has nothing more to
-- say, but that an erased one's number is to be removed. And one after the other:
-- an older value must never arrive after a newer one. A view, because PostgreSQL plans it together with whoever asks.
create or replace view private.push_standing with (security_invoker = true) as
select
  p.id,
  m.merged_into is not null and m.erased_at is null or m.personnummer_index is distinct from p.personnummer_index
  or exists (
    select from sync.pushes as newer where newer.member_id = p.member_id and newer.state = 'pending' and newer.id <> p.id) as is_obsolete,
  exists (
    select from sync.pushes as other
    where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
      and other.state = 'sending' and other.lease_expires_at > clock_timestamp()) as member_is_busy
from sync.pushes as p
join registry.members as m on m.id = p.member_id;
comment on view private.push_standing is 'Of each push, whether the record has moved on, and whether another push of its member is being sent.';
comment on column private.push_standing.id is 'The push.';
comment on column private.push_standing.is_obsolete is 'The record has moved on: nothing is left to carry.';
comment on column private.push_standing.member_is_busy is 'Another push of the member is being sent.';
