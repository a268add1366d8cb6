import type { Enum } from '../../db/api-types.gen.ts';
import { inLanguages } from './words.ts';

type Kinds = Record<Enum<'conflict_kind'>, string>;

/** What kinds of cases are called. */
export const kindWords = inLanguages<Kinds>(
  {
    mismatch: 'Ulikt nummer',
    duplicate: 'To medlemmer, ett nummer',
    ambiguous: 'Uklart hvem som logget på',
    name_mismatch: 'Ulikt navn',
    subject_moved: 'Pålogging ønskes flyttet',
    inconsistent: 'Påloggingen motsier seg selv',
    consent_revoked: 'Samtykke trukket tilbake',
    push_failed: 'Overføring mislyktes',
    member_system: 'Medlemssystemet svarer ikke',
    drift: 'Medlemssystemet har et annet nummer',
    erasure: 'Sletting av en person',
    grant_snapshot: 'Tall for et tilskudd skal fryses',
    receiver_key: 'Ny nøkkel for numrene',
  },
  {
    mismatch: 'Ulikt nummer',
    duplicate: 'To medlemer, eitt nummer',
    ambiguous: 'Uklårt kven som logga på',
    name_mismatch: 'Ulikt namn',
    subject_moved: 'Ønske om å flytte pålogging',
    inconsistent: 'Pålogginga motseier seg sjølv',
    consent_revoked: 'Samtykke trekt tilbake',
    push_failed: 'Overføring mislukkast',
    member_system: 'Medlemssystemet svarar ikkje',
    drift: 'Medlemssystemet har eit anna nummer',
    erasure: 'Sletting av ein person',
    grant_snapshot: 'Tal for eit tilskot skal frysast',
    receiver_key: 'Ny nøkkel for nummera',
  },
  {
    mismatch: 'Different number',
    duplicate: 'Two members, one number',
    ambiguous: 'Unclear who logged in',
    name_mismatch: 'Different name',
    subject_moved: 'Login asked to be moved',
    inconsistent: 'The login contradicts itself',
    consent_revoked: 'Consent withdrawn',
    push_failed: 'Delivery failed',
    member_system: 'The member system does not answer',
    drift: 'The member system has another number',
    erasure: 'Erasing a person',
    grant_snapshot: 'Freezing figures for a grant',
    receiver_key: 'New key for the numbers',
  },
);
