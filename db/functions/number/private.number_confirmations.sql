-- What makes an imported number as good as one that a login brought: a login that agreed with it, or a coordinator who kept it. The one place
-- that says so, for a single member (private.number_is_verified) and for all of an organisation (private.count_persons).
create or replace view private.number_confirmations with (security_invoker = true) as
select o.organization_id, o.member_id, 'infinity'::timestamptz as until
from registry.observations as o where o.outcome = 'confirmed'
union all
select c.organization_id, c.member_id, c.closed_at
from registry.conflicts as c where c.kind = 'mismatch' and c.state = 'resolved' and c.decision = 'keep_existing';
comment on view private.number_confirmations is 'Confirmations of numbers that members have.';
comment on column private.number_confirmations.organization_id is 'Whose member.';
comment on column private.number_confirmations.member_id is 'The member.';
comment on column private.number_confirmations.until is 'Numbers that came to the record before this are confirmed by it.';
