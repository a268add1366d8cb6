import type { CaseNames } from './decisions.ts';
import { inLanguages } from './words.ts';

type Question = (names: CaseNames) => string;
type Questions = Record<
  | 'mismatch'
  | 'mismatchImport'
  | 'duplicate'
  | 'duplicateImport'
  | 'ambiguousOne'
  | 'ambiguousMany'
  | 'name_mismatch'
  | 'subject_moved'
  | 'inconsistent'
  | 'consent_revoked'
  | 'consentRevokedByMember'
  | 'push_failed'
  | 'member_system'
  | 'drift'
  | 'receiver_key'
  | 'erasure'
  | 'grant_snapshot',
  Question
>;

/** The question of a case, in one plain sentence: what has happened, and what is asked. */
export const questionWords = inLanguages<Questions>(
  {
    mismatch: ({ member, provider }) =>
      `${member} logget på med ${provider}, og nummeret er et annet enn det som står i registeret. Hvilket nummer er riktig?`,
    mismatchImport: ({ member }) =>
      `En import har et annet nummer for ${member} enn registeret. Hvilket nummer er riktig?`,
    duplicate: ({ member, other, provider }) =>
      `${member} logget på med ${provider}, og nummeret står allerede på ${other}. Er de to samme person?`,
    duplicateImport: ({ member, other }) =>
      `En import har et nummer for ${member} som allerede står på ${other}. Er de to samme person?`,
    ambiguousOne: ({ login, member, provider }) =>
      `${login} logget på med ${provider}. Opplysningene peker på ${member}, men ikke sikkert nok. Er det samme person?`,
    ambiguousMany: ({ login, candidates, provider }) =>
      `${login} logget på med ${provider}. Opplysningene passer til ${candidates} medlemmer. Hvem av dem er det?`,
    name_mismatch: ({ login, member, provider }) =>
      `${login} logget på med ${provider}. Påloggingen passer til ${member}, men navnet eller fødselsdatoen er en annen. Er det samme person?`,
    subject_moved: ({ member, other, provider }) =>
      `${member} har bedt om å få en pålogging med ${provider} som hører til ${other}. Hvem av dem er personen?`,
    inconsistent: ({ login, provider }) =>
      `${provider} ga to ulike svar da ${login} logget på, og ingenting ble lagret. Har teknisk kontakt fått vite om det?`,
    consentRevokedByMember: ({ member }) => `${member} har trukket samtykket sitt tilbake i appen. Har du sett det?`,
    consent_revoked: ({ member }) =>
      `En melding sier at ${member} har trukket samtykket sitt tilbake. Hva ønsker medlemmet?`,
    push_failed: ({ member }) =>
      `Nummeret til ${member} kom ikke fram til medlemssystemet. Skal det overføres på nytt?`,
    member_system: () => 'Medlemssystemet tar ikke imot endringer. Har teknisk kontakt fått vite om det?',
    drift: ({ member }) =>
      `Medlemssystemet viser et annet nummer for ${member} enn det vi overførte. Hvem endret det, og hvilket er riktig?`,
    grant_snapshot: () =>
      'En koordinator har foreslått å fryse tallene for et tilskudd. Har du sett på dem under Tilskudd, og stemmer de?',
    erasure: ({ member }) =>
      `En koordinator har foreslått å slette alt om ${member}. Er det riktig person, og skal alt slettes?`,
    receiver_key: () =>
      'En koordinator har foreslått en ny nøkkel for numrene som overføres. Kommer nøkkelen fra en kollega du har snakket med?',
  },
  {
    mismatch: ({ member, provider }) =>
      `${member} logga på med ${provider}, og nummeret er eit anna enn det som står i registeret. Kva for nummer er rett?`,
    mismatchImport: ({ member }) =>
      `Ein import har eit anna nummer for ${member} enn registeret. Kva for nummer er rett?`,
    duplicate: ({ member, other, provider }) =>
      `${member} logga på med ${provider}, og nummeret står allereie på ${other}. Er dei to same person?`,
    duplicateImport: ({ member, other }) =>
      `Ein import har eit nummer for ${member} som allereie står på ${other}. Er dei to same person?`,
    ambiguousOne: ({ login, member, provider }) =>
      `${login} logga på med ${provider}. Opplysningane peikar på ${member}, men ikkje sikkert nok. Er det same person?`,
    ambiguousMany: ({ login, candidates, provider }) =>
      `${login} logga på med ${provider}. Opplysningane passar til ${candidates} medlemer. Kven av dei er det?`,
    name_mismatch: ({ login, member, provider }) =>
      `${login} logga på med ${provider}. Pålogginga passar til ${member}, men namnet eller fødselsdatoen er ein annan. Er det same person?`,
    subject_moved: ({ member, other, provider }) =>
      `${member} har bede om å få ei pålogging med ${provider} som høyrer til ${other}. Kven av dei er personen?`,
    inconsistent: ({ login, provider }) =>
      `${provider} gav to ulike svar då ${login} logga på, og ingenting vart lagra. Har teknisk kontakt fått vite om det?`,
    consentRevokedByMember: ({ member }) => `${member} har trekt samtykket sitt tilbake i appen. Har du sett det?`,
    consent_revoked: ({ member }) =>
      `Ei melding seier at ${member} har trekt samtykket sitt tilbake. Kva ønskjer medlemen?`,
    push_failed: ({ member }) =>
      `Nummeret til ${member} kom ikkje fram til medlemssystemet. Skal det overførast på nytt?`,
    member_system: () => 'Medlemssystemet tek ikkje imot endringar. Har teknisk kontakt fått vite om det?',
    drift: ({ member }) =>
      `Medlemssystemet viser eit anna nummer for ${member} enn det vi overførte. Kven endra det, og kva for eit er rett?`,
    grant_snapshot: () =>
      'Ein koordinator har foreslått å fryse tala for eit tilskot. Har du sett på dei under Tilskot, og stemmer dei?',
    erasure: ({ member }) =>
      `Ein koordinator har foreslått å slette alt om ${member}. Er det rett person, og skal alt slettast?`,
    receiver_key: () =>
      'Ein koordinator har foreslått ein ny nøkkel for nummera som blir overførte. Kjem nøkkelen frå ein kollega du har snakka med?',
  },
  {
    mismatch: ({ member, provider }) =>
      `${member} logged in with ${provider}, and the number is not the one on the record. Which number is right?`,
    mismatchImport: ({ member }) =>
      `An import has another number for ${member} than the record. Which number is right?`,
    duplicate: ({ member, other, provider }) =>
      `${member} logged in with ${provider}, and the number is already on ${other}. Are the two one person?`,
    duplicateImport: ({ member, other }) =>
      `An import has a number for ${member} that is already on ${other}. Are the two one person?`,
    ambiguousOne: ({ login, member, provider }) =>
      `${login} logged in with ${provider}. What came points at ${member}, but not surely enough. Are they one person?`,
    ambiguousMany: ({ login, candidates, provider }) =>
      `${login} logged in with ${provider}. What came fits ${candidates} members. Which of them is it?`,
    name_mismatch: ({ login, member, provider }) =>
      `${login} logged in with ${provider}. The login fits ${member}, but the name or the birth date is another. Are they one person?`,
    subject_moved: ({ member, other, provider }) =>
      `${member} has asked for a ${provider} login that belongs to ${other}. Which of them is the person?`,
    inconsistent: ({ login, provider }) =>
      `${provider} gave two different answers when ${login} logged in, and nothing was stored. Does your technical contact know?`,
    consentRevokedByMember: ({ member }) => `${member} has withdrawn consent in the app. Have you seen it?`,
    consent_revoked: ({ member }) => `A message says that ${member} has withdrawn consent. What does the member want?`,
    push_failed: ({ member }) =>
      `The number of ${member} did not reach the member system. Is it to be delivered again?`,
    member_system: () => 'The member system takes no changes. Does your technical contact know?',
    drift: ({ member }) =>
      `The member system shows another number for ${member} than we delivered. Who changed it, and which is right?`,
    grant_snapshot: () =>
      'A coordinator proposed to freeze the figures for a grant. Have you looked at them under Grants, and are they right?',
    erasure: ({ member }) =>
      `A coordinator has proposed to erase everything about ${member}. Is it the right person, and is everything to go?`,
    receiver_key: () =>
      'A coordinator has proposed a new key for the numbers that are delivered. Does it come from a colleague you have talked to?',
  },
);
