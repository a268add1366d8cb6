import { inLanguages } from './words.ts';

/** Who a case is about, as the sentences name them. */
export interface CaseNames {
  /** `Kari Nordmann (medlem 1001)` */
  member: string;
  other: string;
  /** The name that the login brought. */
  login: string;
  /** Vipps, BankID, ID-porten. */
  provider: string;
  candidates: number;
}

type Sentence = (names: CaseNames) => string;

/** What a decision is called, and what it does. */
interface Choice {
  label: Sentence;
  effect: Sentence;
}

/** Which words a decision has depends on what the case is about. */
type Choices = {
  accept: Record<'mismatch' | 'import' | 'link' | 'move', Choice>;
  keep: Record<'number' | 'both' | 'link' | 'move' | 'noted' | 'push', Choice>;
  part: Record<'member' | 'candidates' | 'name' | 'move', Choice>;
  merge: Choice;
  link: Choice;
  retry: Record<'push' | 'drift', Choice>;
  /** Of `receiver_key`: the new key, or the old one. */
  key: Record<'accept' | 'keep', Choice>;
  /** Of `erasure`: erase, or keep the person. */
  erase: Record<'accept' | 'keep', Choice>;
  /** Of `grant_snapshot`: freeze the figures, or leave them a draft. */
  freeze: Record<'accept' | 'keep', Choice>;
};

const nb: Choices = {
  accept: {
    mismatch: {
      label: () => 'Nummeret fra påloggingen er riktig',
      effect: () => 'Registeret får nummeret fra påloggingen, og det overføres til medlemssystemet.',
    },
    import: {
      label: () => 'Nummeret fra importen er riktig',
      effect: () => 'Registeret får nummeret fra importen, og det overføres til medlemssystemet.',
    },
    link: {
      label: ({ member }) => `Ja, det er ${member}`,
      effect: () =>
        'Påloggingen knyttes til medlemmet, som slipper inn neste gang. Mangler medlemmet nummer, får det nummeret fra påloggingen når ingen andre har det.',
    },
    move: {
      label: ({ member }) => `Påloggingen hører til ${member}`,
      effect: ({ member, other }) =>
        `Påloggingen flyttes fra ${other} til ${member}. Appen logges av der den var logget på som ${other}.`,
    },
  },
  keep: {
    number: {
      label: () => 'Nummeret i registeret er riktig',
      effect: () =>
        'Registeret beholder nummeret sitt. Den samme påloggingen med det samme nummeret blir ikke en ny sak.',
    },
    both: {
      label: () => 'La begge medlemmene stå som de er',
      effect: () => 'Ingenting endres. Det samme blir ikke en ny sak.',
    },
    link: {
      label: () => 'La det være',
      effect: () =>
        'Påloggingen knyttes ikke til noen, og personen slipper fortsatt ikke inn. Det samme blir ikke en ny sak.',
    },
    move: {
      label: ({ other }) => `Påloggingen hører fortsatt til ${other}`,
      effect: () => 'Ingenting endres.',
    },
    noted: { label: () => 'Jeg har sett det', effect: () => 'Ingenting endres. Saken lukkes.' },
    push: {
      label: () => 'Nummeret skal ikke overføres',
      effect: () => 'Endringen blir ikke sendt til medlemssystemet. Registeret her beholder nummeret.',
    },
  },
  part: {
    member: {
      label: ({ member }) => `Påloggingen er ikke ${member} sin`,
      effect: () =>
        'Påloggingen skilles fra medlemmet for godt, og appen logges av. Registeret beholder nummeret det har. Personen blir vanligvis ikke kjent igjen ved neste pålogging.',
    },
    candidates: {
      label: ({ candidates }) => (candidates === 1 ? 'Nei, det er noen andre' : 'Det er ingen av dem'),
      effect: () => 'Påloggingen blir aldri foreslått for disse medlemmene igjen.',
    },
    name: {
      label: ({ member }) => `Nei, det er ikke ${member}`,
      effect: () => 'Påloggingen blir aldri foreslått for dette medlemmet igjen.',
    },
    move: {
      label: ({ member }) => `Påloggingen er ikke ${member} sin`,
      effect: ({ member, other }) => `Påloggingen blir hos ${other}, og kan ikke knyttes til ${member} senere.`,
    },
  },
  merge: {
    label: () => 'De to medlemmene er samme person: slå dem sammen',
    effect: ({ member, other }) =>
      `${member} går inn i ${other}: påloggingene flyttes dit, og ${member} mister nummeret sitt og blir ikke funnet igjen. Opplysningene om ${other} endres ikke. Medlemssystemet får ikke beskjed, så de må slås sammen der også.`,
  },
  link: {
    label: ({ member }) => `Det er ${member}`,
    effect: () =>
      'Påloggingen knyttes til medlemmet, som slipper inn neste gang. Mangler medlemmet nummer, får det nummeret fra påloggingen når ingen andre har det.',
  },
  retry: {
    push: {
      label: () => 'Overfør nummeret på nytt',
      effect: () => 'Nummeret sendes til medlemssystemet med en gang. Dette kan ikke angres.',
    },
    drift: {
      label: () => 'Vårt nummer er riktig: overfør det på nytt',
      effect: () => 'Nummeret i registeret sendes til medlemssystemet med en gang. Dette kan ikke angres.',
    },
  },
  erase: {
    accept: {
      label: ({ member }) => `Slett alt om ${member}`,
      effect: () =>
        'Nummer, navn, kontaktopplysninger, pålogginger, saker og notater om personen slettes for godt, og medlemssystemet får beskjed om å fjerne nummeret. Dette kan ikke angres.',
    },
    keep: { label: () => 'Ikke slett', effect: () => 'Ingenting slettes. Saken lukkes.' },
  },
  freeze: {
    accept: {
      label: () => 'Frys tallene',
      effect: () =>
        'Tallene og listen til revisor endrer seg aldri mer. En rettelse blir en ny telling som viser til denne.',
    },
    keep: { label: () => 'Ikke frys', effect: () => 'Tallene forblir et utkast. Saken lukkes.' },
  },
  key: {
    accept: {
      label: () => 'Bruk den nye nøkkelen',
      effect: () =>
        'Numrene som overføres fra nå av, kan bare åpnes med den nye nøkkelen. De som venter, låses på nytt med den.',
    },
    keep: {
      label: () => 'Behold den gamle nøkkelen',
      effect: () => 'Ingenting endres. Den foreslåtte nøkkelen blir ikke brukt.',
    },
  },
};

const nn: Choices = {
  accept: {
    mismatch: {
      label: () => 'Nummeret frå pålogginga er rett',
      effect: () => 'Registeret får nummeret frå pålogginga, og det blir overført til medlemssystemet.',
    },
    import: {
      label: () => 'Nummeret frå importen er rett',
      effect: () => 'Registeret får nummeret frå importen, og det blir overført til medlemssystemet.',
    },
    link: {
      label: ({ member }) => `Ja, det er ${member}`,
      effect: () =>
        'Pålogginga blir knytt til medlemen, som slepp inn neste gong. Manglar medlemen nummer, får han nummeret frå pålogginga når ingen andre har det.',
    },
    move: {
      label: ({ member }) => `Pålogginga høyrer til ${member}`,
      effect: ({ member, other }) =>
        `Pålogginga blir flytt frå ${other} til ${member}. Appen blir logga av der han var logga på som ${other}.`,
    },
  },
  keep: {
    number: {
      label: () => 'Nummeret i registeret er rett',
      effect: () => 'Registeret beheld nummeret sitt. Den same pålogginga med det same nummeret blir ikkje ei ny sak.',
    },
    both: {
      label: () => 'La begge medlemene stå som dei er',
      effect: () => 'Ingenting blir endra. Det same blir ikkje ei ny sak.',
    },
    link: {
      label: () => 'La det vere',
      effect: () =>
        'Pålogginga blir ikkje knytt til nokon, og personen slepp framleis ikkje inn. Det same blir ikkje ei ny sak.',
    },
    move: {
      label: ({ other }) => `Pålogginga høyrer framleis til ${other}`,
      effect: () => 'Ingenting blir endra.',
    },
    noted: { label: () => 'Eg har sett det', effect: () => 'Ingenting blir endra. Saka blir lukka.' },
    push: {
      label: () => 'Nummeret skal ikkje overførast',
      effect: () => 'Endringa blir ikkje send til medlemssystemet. Registeret her beheld nummeret.',
    },
  },
  part: {
    member: {
      label: ({ member }) => `Pålogginga er ikkje ${member} si`,
      effect: () =>
        'Pålogginga blir skild frå medlemen for godt, og appen blir logga av. Registeret beheld nummeret det har. Personen blir vanlegvis ikkje kjend igjen ved neste pålogging.',
    },
    candidates: {
      label: ({ candidates }) => (candidates === 1 ? 'Nei, det er nokon andre' : 'Det er ingen av dei'),
      effect: () => 'Pålogginga blir aldri foreslått for desse medlemene igjen.',
    },
    name: {
      label: ({ member }) => `Nei, det er ikkje ${member}`,
      effect: () => 'Pålogginga blir aldri foreslått for denne medlemen igjen.',
    },
    move: {
      label: ({ member }) => `Pålogginga er ikkje ${member} si`,
      effect: ({ member, other }) => `Pålogginga blir hos ${other}, og kan ikkje knytast til ${member} seinare.`,
    },
  },
  merge: {
    label: () => 'Dei to medlemene er same person: slå dei saman',
    effect: ({ member, other }) =>
      `${member} går inn i ${other}: påloggingane blir flytte dit, og ${member} mistar nummeret sitt og blir ikkje funnen igjen. Opplysningane om ${other} blir ikkje endra. Medlemssystemet får ikkje beskjed, så dei må slåast saman der òg.`,
  },
  link: {
    label: ({ member }) => `Det er ${member}`,
    effect: () =>
      'Pålogginga blir knytt til medlemen, som slepp inn neste gong. Manglar medlemen nummer, får han nummeret frå pålogginga når ingen andre har det.',
  },
  retry: {
    push: {
      label: () => 'Overfør nummeret på nytt',
      effect: () => 'Nummeret blir sendt til medlemssystemet med ein gong. Dette kan ikkje angrast.',
    },
    drift: {
      label: () => 'Vårt nummer er rett: overfør det på nytt',
      effect: () => 'Nummeret i registeret blir sendt til medlemssystemet med ein gong. Dette kan ikkje angrast.',
    },
  },
  erase: {
    accept: {
      label: ({ member }) => `Slett alt om ${member}`,
      effect: () =>
        'Nummer, namn, kontaktopplysningar, påloggingar, saker og notat om personen blir sletta for godt, og medlemssystemet får beskjed om å fjerne nummeret. Dette kan ikkje angrast.',
    },
    keep: { label: () => 'Ikkje slett', effect: () => 'Ingenting blir sletta. Saka blir lukka.' },
  },
  freeze: {
    accept: {
      label: () => 'Frys tala',
      effect: () =>
        'Tala og lista til revisor endrar seg aldri meir. Ei retting blir ei ny teljing som viser til denne.',
    },
    keep: { label: () => 'Ikkje frys', effect: () => 'Tala blir verande eit utkast. Saka blir lukka.' },
  },
  key: {
    accept: {
      label: () => 'Bruk den nye nøkkelen',
      effect: () =>
        'Nummera som blir overførte frå no av, kan berre opnast med den nye nøkkelen. Dei som ventar, blir låste på nytt med han.',
    },
    keep: {
      label: () => 'Behald den gamle nøkkelen',
      effect: () => 'Ingenting blir endra. Den foreslåtte nøkkelen blir ikkje brukt.',
    },
  },
};

const en: Choices = {
  accept: {
    mismatch: {
      label: () => 'The number of the login is right',
      effect: () => 'The record gets the number of the login, and it is delivered to the member system.',
    },
    import: {
      label: () => 'The number of the import is right',
      effect: () => 'The record gets the number of the import, and it is delivered to the member system.',
    },
    link: {
      label: ({ member }) => `Yes, it is ${member}`,
      effect: () =>
        'The login is linked to the member, who is let in next time. If the member has no number, it gets the number of the login when nobody else has it.',
    },
    move: {
      label: ({ member }) => `The login belongs to ${member}`,
      effect: ({ member, other }) =>
        `The login moves from ${other} to ${member}. The app is logged out where it was logged in as ${other}.`,
    },
  },
  keep: {
    number: {
      label: () => 'The number on the record is right',
      effect: () => 'The record keeps its number. The same login with the same number does not become a case again.',
    },
    both: {
      label: () => 'Leave both members as they are',
      effect: () => 'Nothing changes. The same does not become a case again.',
    },
    link: {
      label: () => 'Leave it',
      effect: () =>
        'The login is linked to nobody, and the person is still not let in. The same does not become a case again.',
    },
    move: {
      label: ({ other }) => `The login still belongs to ${other}`,
      effect: () => 'Nothing changes.',
    },
    noted: { label: () => 'I have seen it', effect: () => 'Nothing changes. The case is closed.' },
    push: {
      label: () => 'The number is not to be delivered',
      effect: () => 'The change is not sent to the member system. The record here keeps its number.',
    },
  },
  part: {
    member: {
      label: ({ member }) => `The login is not ${member}’s`,
      effect: () =>
        'The login is parted from the member for good, and the app is logged out. The record keeps the number it has. The person is usually not recognised at the next login.',
    },
    candidates: {
      label: ({ candidates }) => (candidates === 1 ? 'No, it is somebody else' : 'It is none of them'),
      effect: () => 'The login is never proposed for these members again.',
    },
    name: {
      label: ({ member }) => `No, it is not ${member}`,
      effect: () => 'The login is never proposed for this member again.',
    },
    move: {
      label: ({ member }) => `The login is not ${member}’s`,
      effect: ({ member, other }) => `The login stays with ${other}, and cannot be linked to ${member} later.`,
    },
  },
  merge: {
    label: () => 'The two members are one person: merge them',
    effect: ({ member, other }) =>
      `${member} goes into ${other}: the logins move there, and ${member} loses its number and is not found again. What is known of ${other} does not change. The member system is not told, so merge them there as well.`,
  },
  link: {
    label: ({ member }) => `It is ${member}`,
    effect: () =>
      'The login is linked to the member, who is let in next time. If the member has no number, it gets the number of the login when nobody else has it.',
  },
  retry: {
    push: {
      label: () => 'Deliver the number again',
      effect: () => 'The number is sent to the member system at once. This cannot be undone.',
    },
    drift: {
      label: () => 'Our number is right: deliver it again',
      effect: () => 'The number on the record is sent to the member system at once. This cannot be undone.',
    },
  },
  erase: {
    accept: {
      label: ({ member }) => `Erase everything about ${member}`,
      effect: () =>
        'Number, names, contact data, logins, cases and notes about the person go for good, and the member system is told to remove the number. This cannot be undone.',
    },
    keep: { label: () => 'Do not erase', effect: () => 'Nothing is erased. The case is closed.' },
  },
  freeze: {
    accept: {
      label: () => 'Freeze the figures',
      effect: () =>
        'The figures and the auditor’s list never change again. A correction is a new count that names this one.',
    },
    keep: { label: () => 'Do not freeze', effect: () => 'The figures stay a draft. The case is closed.' },
  },
  key: {
    accept: {
      label: () => 'Use the new key',
      effect: () =>
        'Numbers that are delivered from now on can be opened with the new key only. Those that wait are locked with it anew.',
    },
    keep: { label: () => 'Keep the old key', effect: () => 'Nothing changes. The proposed key is not used.' },
  },
};

export const decisionWords = inLanguages(nb, nn, en);

/** How a settled case was decided, for lists. */
export const decidedWords = inLanguages(
  {
    accept_observed: 'Påloggingen var riktig',
    keep_existing: 'Latt stå som det var',
    not_same_person: 'Påloggingen skilt fra medlemmet',
    merge_into: 'To medlemmer slått sammen',
    link_login: 'Påloggingen knyttet til medlemmet',
    retry_sync: 'Overført på nytt',
    accept_receiver_key: 'Nøkkelen godkjent',
    erase_member: 'Personen slettet',
    freeze_snapshot: 'Tallene frosset',
  },
  {
    accept_observed: 'Pålogginga var rett',
    keep_existing: 'Late stå som det var',
    not_same_person: 'Pålogginga skild frå medlemen',
    merge_into: 'To medlemer slått saman',
    link_login: 'Pålogginga knytt til medlemen',
    retry_sync: 'Overført på nytt',
    accept_receiver_key: 'Nøkkelen godkjend',
    erase_member: 'Personen sletta',
    freeze_snapshot: 'Tala frosne',
  },
  {
    accept_observed: 'The login was right',
    keep_existing: 'Left as it was',
    not_same_person: 'The login parted from the member',
    merge_into: 'Two members merged',
    link_login: 'The login linked to the member',
    retry_sync: 'Delivered again',
    accept_receiver_key: 'The key approved',
    erase_member: 'The person erased',
    freeze_snapshot: 'The figures frozen',
  },
);
