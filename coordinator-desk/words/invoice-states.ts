import type { Enum } from '../../db/api-types.gen.ts';
import type { Locale } from '../../runtime/language.ts';
import { inLanguages } from './words.ts';

type State = Enum<'invoice_state'>;

/** Where an invoice stands. */
export const invoiceStateWords = inLanguages<Record<State, string>>(
  {
    pending: 'venter på å bli sendt',
    issuing: 'sendes nå',
    issued: 'sendt',
    no_consent: 'ikke sendt',
    ambiguous: 'ikke sendt',
    not_enough_data: 'ikke sendt',
    rejected: 'avvist',
    given_up: 'gitt opp',
    cancelled: 'annullert',
  },
  {
    pending: 'ventar på å bli send',
    issuing: 'blir send no',
    issued: 'send',
    no_consent: 'ikkje send',
    ambiguous: 'ikkje send',
    not_enough_data: 'ikkje send',
    rejected: 'avvist',
    given_up: 'gitt opp',
    cancelled: 'annullert',
  },
  {
    pending: 'waiting to be sent',
    issuing: 'being sent now',
    issued: 'sent',
    no_consent: 'not sent',
    ambiguous: 'not sent',
    not_enough_data: 'not sent',
    rejected: 'refused',
    given_up: 'given up',
    cancelled: 'cancelled',
  },
);

/** Why an invoice was not sent: what it means, and who must do something. */
const reasonWords = inLanguages(
  {
    no_consent: 'Mottakeren kunne ikke nås med eFaktura for denne fakturaen. Send den på en annen måte.',
    ambiguous: 'Kontaktopplysningene passer til flere enn én. Send fakturaen på en annen måte.',
    not_enough_data:
      'Det er registrert for lite om medlemmet til å spørre om eFaktura. Det ble ikke spurt. Send fakturaen på en annen måte.',
    notAllowed: 'Organisasjonen har ikke lov til å sende fakturaer hos fakturatjenesten. Be teknisk kontakt se på det.',
    credentials: 'Fakturatjenesten godtar ikke brukernavnet og nøkkelen vår. Be teknisk kontakt fornye dem.',
    setup: 'Forbindelsen til fakturatjenesten er ikke satt opp riktig. Be teknisk kontakt se på den.',
    key: 'Programmet mangler en nøkkel. Be teknisk kontakt legge den inn.',
    unreachable: 'Fakturatjenesten kunne ikke nås.',
    busy: 'Fakturatjenesten har mye å gjøre, og ba oss komme igjen senere.',
    theirs: 'Fakturatjenesten har en feil hos seg selv.',
    expired: 'Tillatelsen til å sende løp ut før fakturaen ble sendt. Det spørres på nytt.',
    usedUp: 'Fakturatjenesten er spurt ofte nok om denne fakturaen i dag. Det prøves igjen i morgen.',
    overdue: 'Forfallsdatoen er passert. Lag en ny faktura.',
    stored: 'Det lagrede nummeret kunne ikke leses, eller er ikke dette medlemmets. Be teknisk kontakt se på det.',
    refused: 'Fakturatjenesten avviste fakturaen.',
    interrupted: 'Forsøket ble avbrutt. Det gjøres igjen.',
    unexpected: 'Noe uventet skjedde. Be teknisk kontakt se på det.',
  },
  {
    no_consent: 'Vi kunne ikkje nå mottakaren med eFaktura for denne fakturaen. Send han på ein annan måte.',
    ambiguous: 'Kontaktopplysningane passar til fleire enn éin. Send fakturaen på ein annan måte.',
    not_enough_data:
      'Det er registrert for lite om medlemen til å spørje om eFaktura. Det vart ikkje spurt. Send fakturaen på ein annan måte.',
    notAllowed: 'Organisasjonen har ikkje lov til å sende fakturaer hos fakturatenesta. Be teknisk kontakt sjå på det.',
    credentials: 'Fakturatenesta godtek ikkje brukarnamnet og nøkkelen vår. Be teknisk kontakt fornye dei.',
    setup: 'Sambandet til fakturatenesta er ikkje sett opp rett. Be teknisk kontakt sjå på det.',
    key: 'Programmet manglar ein nøkkel. Be teknisk kontakt leggje han inn.',
    unreachable: 'Vi fekk ikkje kontakt med fakturatenesta.',
    busy: 'Fakturatenesta har mykje å gjere, og bad oss kome igjen seinare.',
    theirs: 'Fakturatenesta har ein feil hos seg sjølv.',
    expired: 'Løyvet til å sende gjekk ut før fakturaen vart send. Det blir spurt på nytt.',
    usedUp: 'Fakturatenesta er spurd ofte nok om denne fakturaen i dag. Det blir prøvd igjen i morgon.',
    overdue: 'Forfallsdatoen er passert. Lag ein ny faktura.',
    stored:
      'Det lagra nummeret kunne ikkje lesast, eller er ikkje nummeret til medlemen. Be teknisk kontakt sjå på det.',
    refused: 'Fakturatenesta avviste fakturaen.',
    interrupted: 'Forsøket vart avbrote. Det blir gjort igjen.',
    unexpected: 'Noko uventa skjedde. Be teknisk kontakt sjå på det.',
  },
  {
    no_consent: 'The recipient could not be reached by eFaktura for this invoice. Send it in another way.',
    ambiguous: 'The contact data fit more than one recipient. Send the invoice in another way.',
    not_enough_data:
      'Too little is recorded about the member to ask for eFaktura. Nothing was asked. Send the invoice in another way.',
    notAllowed:
      'The organisation may not send invoices at the invoice service. Ask your technical contact to look at it.',
    credentials: 'The invoice service does not accept our credentials. Ask your technical contact to renew them.',
    setup: 'The connection to the invoice service is not set up right. Ask your technical contact to look at it.',
    key: 'The program lacks a key. Ask your technical contact to add it.',
    unreachable: 'The invoice service could not be reached.',
    busy: 'The invoice service is busy and asked us to come back later.',
    theirs: 'The invoice service has an error of its own.',
    expired: 'The permission to send ran out before the invoice was sent. It is asked for anew.',
    usedUp: 'The invoice service was asked often enough for this invoice today. It is tried again tomorrow.',
    overdue: 'The due date has passed. Make a new invoice.',
    stored: 'The stored number could not be read, or is not this member’s. Ask your technical contact to look at it.',
    refused: 'The invoice service refused the invoice.',
    interrupted: 'The attempt was interrupted. It is made again.',
    unexpected: 'Something unexpected happened. Ask your technical contact to look at it.',
  },
);
type Reason = keyof (typeof reasonWords)['nb'];

/** Which sentence a code of docs/error-codes.md has; the database groups them likewise (billing.explain_state). */
const reasons: Partial<Record<Reason, readonly string[]>> = {
  notAllowed: ['issuer_not_allowed'],
  credentials: ['http_401', 'token_refused'],
  setup: ['issuer_misconfigured', 'secret_missing', 'address_refused', 'redirect_refused'],
  key: ['sealing_key_unknown', 'index_secret_unknown'],
  unreachable: ['timeout', 'task_timeout', 'connection_failed', 'tls_failed', 'token_unavailable'],
  busy: ['http_408', 'http_425', 'http_429'],
  theirs: ['http_5xx', 'response_too_large', 'http_unexpected', 'redirect_temporary', 'issue_token_missing'],
  expired: ['issue_token_expired'],
  usedUp: ['look_ups_used_up'],
  overdue: ['invoice_overdue'],
  stored: ['sealed_value_broken', 'sealed_value_mismatch'],
  refused: ['http_4xx', 'http_409', 'look_up_refused'],
  interrupted: ['worker_stopping', 'lease_lost', 'database_failed', 'database_row_unexpected'],
};
const reasonOf = new Map(
  Object.entries(reasons).flatMap(([reason, codes]) => codes.map((code) => [code, reason as Reason])),
);

/** Why it was not sent, as a sentence; null: nothing is wrong, or it was cancelled, which its state says. A code that nobody explained yet is something unexpected. */
export function explainInvoice(locale: Locale, state: State | null, code: string | null): string | null {
  if (state === 'no_consent' || state === 'ambiguous' || state === 'not_enough_data') return reasonWords[locale][state];
  if (state === 'cancelled' || code === null) return null;
  return reasonWords[locale][reasonOf.get(code) ?? 'unexpected'];
}
