-- Invoices of a file come in by portions. One whose number is there already is not added again: it is known when it says the same, and else
-- refused, because what was issued cannot be changed. No row is refused for what is recorded of the member: that is found out when it is issued.
create or replace function billing.load_invoices(organization text, invoices jsonb)
returns table (line integer, result text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
  v_issuer_id uuid;
  n record;
  i billing.invoices;
begin
  select g.organization_id into v_organization_id from private.find_invoiced(load_invoices.organization, '{}') as g;
  if v_organization_id is null then
    raise exception 'There is no such organisation.' using errcode = 'PN020';
  end if;
  select s.id into v_issuer_id from billing.issuers as s where s.organization_id = v_organization_id;
  if v_issuer_id is null then
    raise exception 'The organisation has no issuer of invoices.' using errcode = 'PN021';
  end if;
  for n in
    select r.*, m.member_id
    from jsonb_to_recordset(load_invoices.invoices) as r(
      line integer, invoice_number text, member text, amount_ore bigint, due_date date, kid text, document_reference text, description text)
    left join private.find_invoiced(load_invoices.organization, array(
      select e ->> 'member' from jsonb_array_elements(load_invoices.invoices) as e)) as m on m.external_id = r.member
    order by r.invoice_number, r.line
  loop
    line := n.line;
    i := null;
    if n.member_id is null then
      result := 'member_unknown';
    else
      insert into billing.invoices (organization_id, issuer_id, member_id, invoice_number, amount_ore, due_date, kid, document_reference, description)
      values (v_organization_id, v_issuer_id, n.member_id, n.invoice_number, n.amount_ore, n.due_date, n.kid, n.document_reference, n.description)
      on conflict on constraint invoices_organization_id_invoice_number_key do nothing
      returning * into i;
      if i.id is not null then
        result := 'added';
        perform billing.record_event('invoice_added', 'operator', i, 'An invoice was added, to be issued.');
        perform billing.queue(i);
      else
        result := case when exists (
          select from billing.invoices as k
          where k.organization_id = v_organization_id and k.invoice_number = n.invoice_number and k.member_id = n.member_id
            and k.amount_ore = n.amount_ore and k.due_date = n.due_date and k.kid is not distinct from n.kid
            and k.document_reference is not distinct from n.document_reference and k.description = n.description
        ) then 'known' else 'invoice_changed' end;
      end if;
    end if;
    return next;
  end loop;
end
$$;
comment on function billing.load_invoices is 'In: an organisation (slug), invoices as JSON: line, invoice_number, member (member number), amount_ore, due_date, kid, document_reference, description. Out: for each line added, known, member_unknown or invoice_changed. Raises PN020, PN021.';
grant execute on function billing.load_invoices to member_importer;
