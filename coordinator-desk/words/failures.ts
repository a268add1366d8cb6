import type { Locale } from '../../runtime/language.ts';
import { inLanguages } from './words.ts';

/** Why a change has not arrived: what it means, and who must do something. */
const failureWords = inLanguages(
  {
    credentials: 'Medlemssystemet godtar ikke brukernavnet og nøkkelen vår. Be teknisk kontakt fornye dem.',
    setup: 'Forbindelsen til medlemssystemet er ikke satt opp riktig. Be teknisk kontakt se på den.',
    key: 'Overføringen mangler en nøkkel. Be teknisk kontakt legge den inn.',
    unreachable: 'Medlemssystemet kunne ikke nås. Det prøves igjen av seg selv.',
    maintenance: 'Medlemssystemet er nok under vedlikehold. Det prøves igjen av seg selv.',
    theirs: 'Medlemssystemet har en feil hos seg selv. Det prøves igjen av seg selv.',
    busy: 'Medlemssystemet har mye å gjøre. Det prøves igjen av seg selv.',
    member: 'Medlemsnummeret mangler eller kan ikke brukes. Rett det i medlemssystemet.',
    stored: 'Det lagrede nummeret kan ikke leses. Be teknisk kontakt se på det.',
    refused: 'Medlemssystemet avviste endringen. Se på medlemmet der.',
    unconfirmed: 'Endringen ble tatt imot, men ingen bekreftet den i tide. Den sendes igjen.',
    notCarriedOut: 'Medlemssystemet tok imot endringen, men kunne ikke gjennomføre den. Be teknisk kontakt se på det.',
    interrupted: 'Forsøket ble avbrutt. Det gjøres igjen.',
    disputed: 'Nummeret er omstridt i en åpen sak. Det overføres når saken er avgjort.',
    unexpected: 'Noe uventet skjedde. Be teknisk kontakt se på det.',
  },
  {
    credentials: 'Medlemssystemet godtek ikkje brukarnamnet og nøkkelen vår. Be teknisk kontakt fornye dei.',
    setup: 'Sambandet til medlemssystemet er ikkje sett opp rett. Be teknisk kontakt sjå på det.',
    key: 'Overføringa manglar ein nøkkel. Be teknisk kontakt leggje han inn.',
    unreachable: 'Vi fekk ikkje kontakt med medlemssystemet. Det blir prøvd igjen av seg sjølv.',
    maintenance: 'Medlemssystemet er nok under vedlikehald. Det blir prøvd igjen av seg sjølv.',
    theirs: 'Medlemssystemet har ein feil hos seg sjølv. Det blir prøvd igjen av seg sjølv.',
    busy: 'Medlemssystemet har mykje å gjere. Det blir prøvd igjen av seg sjølv.',
    member: 'Medlemsnummeret manglar eller kan ikkje brukast. Rett det i medlemssystemet.',
    stored: 'Det lagra nummeret kan ikkje lesast. Be teknisk kontakt sjå på det.',
    refused: 'Medlemssystemet avviste endringa. Sjå på medlemen der.',
    unconfirmed: 'Endringa vart teken imot, men ingen stadfesta ho i tide. Ho blir send igjen.',
    notCarriedOut: 'Medlemssystemet tok imot endringa, men kunne ikkje gjennomføre ho. Be teknisk kontakt sjå på det.',
    interrupted: 'Forsøket vart avbrote. Det blir gjort igjen.',
    disputed: 'Nummeret er omstridd i ei open sak. Det blir overført når saka er avgjord.',
    unexpected: 'Noko uventa skjedde. Be teknisk kontakt sjå på det.',
  },
  {
    credentials: 'The member system does not accept our credentials. Ask your technical contact to renew them.',
    setup: 'The connection to the member system is not set up right. Ask your technical contact to look at it.',
    key: 'The delivery lacks a key. Ask your technical contact to add it.',
    unreachable: 'The member system could not be reached. It is tried again by itself.',
    maintenance: 'The member system is probably under maintenance. It is tried again by itself.',
    theirs: 'The member system has an error of its own. It is tried again by itself.',
    busy: 'The member system is busy. It is tried again by itself.',
    member: 'The member number is missing or cannot be used. Correct it in the member system.',
    stored: 'The stored number cannot be read. Ask your technical contact to look at it.',
    refused: 'The member system refused the change. Look at the member there.',
    unconfirmed: 'The change was taken in, but nobody confirmed it in time. It is sent again.',
    notCarriedOut:
      'The member system took the change in and could not carry it out. Ask your technical contact to look.',
    interrupted: 'The attempt was interrupted. It is made again.',
    disputed: 'The number is in question in an open case. It is sent when the case is settled.',
    unexpected: 'Something unexpected happened. Ask your technical contact to look at it.',
  },
);
type Reason = keyof (typeof failureWords)['nb'];

/** Which sentence a code of docs/error-codes.md has; the database groups them likewise (private.explain_failure). */
const reasons: Record<Reason, readonly string[]> = {
  credentials: ['http_401', 'http_403', 'token_refused'],
  setup: [
    'member_system_missing',
    'member_system_misconfigured',
    'secret_missing',
    'address_refused',
    'redirect_refused',
    'receiver_key_unusable',
  ],
  key: ['sealing_key_unknown', 'index_secret_unknown'],
  unreachable: ['timeout', 'task_timeout', 'connection_failed', 'tls_failed', 'token_unavailable'],
  maintenance: ['redirect_temporary'],
  theirs: ['http_5xx', 'response_too_large', 'http_unexpected'],
  busy: ['http_408', 'http_425', 'http_429'],
  member: ['external_id_missing', 'external_id_unusable', 'personnummer_in_url'],
  stored: ['sealed_value_broken', 'sealed_value_mismatch'],
  refused: ['http_4xx', 'http_409', 'refused_by_receiver'],
  unconfirmed: ['acceptance_expired', 'not_acknowledged'],
  notCarriedOut: ['acceptance_failed', 'status_url_refused', 'status_lost'],
  interrupted: ['worker_stopping', 'lease_lost', 'database_failed', 'database_row_unexpected'],
  disputed: ['disputed'],
  unexpected: [],
};
const reasonOf = new Map(
  Object.entries(reasons).flatMap(([reason, codes]) => codes.map((code) => [code, reason as Reason])),
);

/** A code that nobody explained yet is something unexpected. */
export function explainFailure(locale: Locale, code: string): string {
  return failureWords[locale][reasonOf.get(code) ?? 'unexpected'];
}
