import type { Enum } from '../../db/api-types.gen.ts';
import { inLanguages } from './words.ts';

/** What became of one login. */
export const outcomeWords = inLanguages<Record<Enum<'outcome'>, string>>(
  {
    filled: 'nummeret ble fylt inn',
    confirmed: 'nummeret ble bekreftet',
    conflict: 'et annet nummer enn i registeret',
    duplicate: 'et annet medlem har nummeret',
    absent: 'uten nummer',
    unlinked: 'ingen passer',
    ambiguous: 'flere kan passe',
    name_mismatch: 'ett medlem passer, men navnet er ulikt',
    deferred: 'blir behandlet',
    proposed: 'medlemmet har bedt om at den knyttes',
  },
  {
    filled: 'nummeret vart fylt inn',
    confirmed: 'nummeret vart stadfesta',
    conflict: 'eit anna nummer enn i registeret',
    duplicate: 'ein annan medlem har nummeret',
    absent: 'utan nummer',
    unlinked: 'ingen passar',
    ambiguous: 'fleire kan passe',
    name_mismatch: 'éin medlem passar, men namnet er ulikt',
    deferred: 'blir handsama',
    proposed: 'medlemen har bedt om at ho blir knytt',
  },
  {
    filled: 'the number was filled in',
    confirmed: 'the number was confirmed',
    conflict: 'another number than the record has',
    duplicate: 'another member has the number',
    absent: 'no number came',
    unlinked: 'nobody fits',
    ambiguous: 'several may fit',
    name_mismatch: 'one member fits, but the name differs',
    deferred: 'being worked on',
    proposed: 'the member asked for it to be linked',
  },
);

/** Where a delivery stands. */
export const deliveryStateWords = inLanguages<Record<Enum<'push_state'>, string>>(
  {
    pending: 'venter på å bli overført',
    sending: 'overføres nå',
    delivered: 'overført',
    rejected: 'avvist',
    given_up: 'gitt opp, prøves én gang i døgnet',
    superseded: 'erstattet av en nyere',
    cancelled: 'stanset, samtykket er trukket tilbake',
  },
  {
    pending: 'ventar på å bli overført',
    sending: 'blir overført no',
    delivered: 'overført',
    rejected: 'avvist',
    given_up: 'gitt opp, blir prøvd éin gong i døgnet',
    superseded: 'erstatta av ei nyare',
    cancelled: 'stansa, samtykket er trekt tilbake',
  },
  {
    pending: 'waiting to be sent',
    sending: 'being sent now',
    delivered: 'delivered',
    rejected: 'refused',
    given_up: 'given up, tried once a day',
    superseded: 'replaced by a newer one',
    cancelled: 'stopped, consent was withdrawn',
  },
);

/** What a change does. */
export const changeWords = inLanguages(
  { set: 'skriv inn nummeret', remove: 'fjern nummeret' },
  { set: 'skriv inn nummeret', remove: 'fjern nummeret' },
  { set: 'enter the number', remove: 'remove the number' },
);

/** What brought the number, or the change. */
export const sourceWords = inLanguages(
  {
    'vipps-login': 'pålogging med Vipps',
    'bankid-login': 'pålogging med BankID',
    'idporten-login': 'pålogging med ID-porten',
    'staff-login': 'pålogging som ansatt',
    import: 'import',
    coordinator: 'koordinator',
    worker: 'overføringen',
    app: 'appen',
    operator: 'den som driver systemet',
  },
  {
    'vipps-login': 'pålogging med Vipps',
    'bankid-login': 'pålogging med BankID',
    'idporten-login': 'pålogging med ID-porten',
    'staff-login': 'pålogging som tilsett',
    import: 'import',
    coordinator: 'koordinator',
    worker: 'overføringa',
    app: 'appen',
    operator: 'den som driv systemet',
  },
  {
    'vipps-login': 'login with Vipps',
    'bankid-login': 'login with BankID',
    'idporten-login': 'login with ID-porten',
    'staff-login': 'staff sign-in',
    import: 'import',
    coordinator: 'coordinator',
    worker: 'the delivery',
    app: 'the app',
    operator: 'whoever runs the system',
  },
);
export type Source = keyof (typeof sourceWords)['nb'];
