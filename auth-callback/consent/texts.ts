import type { Locale } from '../../runtime/language.ts';

/** Changes with every change of what a member is asked, and is stored with each answer. */
export const textVersion = '2026-11';

/** What the question names. */
export interface QuestionNames {
  organization: string;
  provider: string;
  /** In words, such as "1 år". */
  retention: string;
  minutes: number;
}

interface Texts {
  /** The language in its own name. */
  language: string;
  chooseLanguage: string;
  title: (names: QuestionNames) => string;
  intro: (names: QuestionNames) => string;
  what: [string, (names: QuestionNames) => string];
  why: [string, (names: QuestionNames) => string];
  basis: string;
  howLong: [string, (names: QuestionNames) => string];
  voluntary: string;
  timeLimit: (names: QuestionNames) => string;
  yes: string;
  no: string;
  /** The step before a provider asks. */
  onward: {
    title: (names: QuestionNames) => string;
    text: (names: QuestionNames) => string;
    button: (names: QuestionNames) => string;
  };
  units: Record<'year' | 'mon' | 'week' | 'day', [one: string, many: string]>;
}

const nb: Texts = {
  language: 'Bokmål',
  chooseLanguage: 'Velg språk',
  title: ({ organization }) => `Kan ${organization} lagre fødselsnummeret ditt?`,
  intro: ({ provider }) => `Du er logget inn med ${provider}. Før du går videre, har vi ett spørsmål.`,
  what: [
    'Hva lagres?',
    ({ organization, provider }) =>
      `Fødselsnummeret eller D-nummeret ditt (11 siffer), slik ${provider} har bekreftet det. Det lagres kryptert i medlemsregisteret til ${organization} og overføres til medlemssystemet der.`,
  ],
  why: [
    'Hvorfor?',
    ({ organization }) =>
      `For at opplysningene om deg hos ${organization} skal være riktige og ikke blandes med andres.`,
  ],
  basis: 'Grunnlaget organisasjonen har oppgitt:',
  howLong: [
    'Hvor lenge?',
    ({ organization, retention }) =>
      `Nummeret fra denne innloggingen lagres i ${retention}. Du kan når som helst trekke samtykket tilbake ved å kontakte ${organization}.`,
  ],
  voluntary: 'Det er frivillig. Du blir logget inn uansett hva du svarer.',
  timeLimit: ({ minutes }) => `Siden er åpen i ${minutes} minutter. Etter det må du logge inn på nytt.`,
  yes: 'Ja, lagre fødselsnummeret',
  no: 'Nei, ikke lagre det',
  onward: {
    title: ({ provider }) => `Ett spørsmål til hos ${provider}`,
    text: ({ organization, provider }) =>
      `Du er logget inn. ${provider} spør deg nå om ${organization} kan få fødselsnummeret ditt. Du blir logget inn uansett hva du svarer.`,
    button: ({ provider }) => `Fortsett til ${provider}`,
  },
  units: { year: ['år', 'år'], mon: ['måned', 'måneder'], week: ['uke', 'uker'], day: ['dag', 'dager'] },
};

const nn: Texts = {
  language: 'Nynorsk',
  chooseLanguage: 'Vel språk',
  title: ({ organization }) => `Kan ${organization} lagre fødselsnummeret ditt?`,
  intro: ({ provider }) => `Du er logga inn med ${provider}. Før du går vidare, har vi eitt spørsmål.`,
  what: [
    'Kva blir lagra?',
    ({ organization, provider }) =>
      `Fødselsnummeret eller D-nummeret ditt (11 siffer), slik ${provider} har stadfesta det. Det blir lagra kryptert i medlemsregisteret til ${organization} og overført til medlemssystemet der.`,
  ],
  why: [
    'Kvifor?',
    ({ organization }) =>
      `For at opplysningane om deg hos ${organization} skal vere rette og ikkje bli blanda med andre sine.`,
  ],
  basis: 'Grunnlaget organisasjonen har oppgitt:',
  howLong: [
    'Kor lenge?',
    ({ organization, retention }) =>
      `Nummeret frå denne innlogginga blir lagra i ${retention}. Du kan når som helst trekkje samtykket tilbake ved å kontakte ${organization}.`,
  ],
  voluntary: 'Det er frivillig. Du blir logga inn same kva du svarar.',
  timeLimit: ({ minutes }) => `Sida er open i ${minutes} minutt. Etter det må du logge inn på nytt.`,
  yes: 'Ja, lagre fødselsnummeret',
  no: 'Nei, ikkje lagre det',
  onward: {
    title: ({ provider }) => `Eitt spørsmål til hos ${provider}`,
    text: ({ organization, provider }) =>
      `Du er logga inn. ${provider} spør deg no om ${organization} kan få fødselsnummeret ditt. Du blir logga inn same kva du svarar.`,
    button: ({ provider }) => `Hald fram til ${provider}`,
  },
  units: { year: ['år', 'år'], mon: ['månad', 'månader'], week: ['veke', 'veker'], day: ['dag', 'dagar'] },
};

const en: Texts = {
  language: 'English',
  chooseLanguage: 'Choose language',
  title: ({ organization }) => `May ${organization} store your national identity number?`,
  intro: ({ provider }) => `You are logged in with ${provider}. Before you go on, we have one question.`,
  what: [
    'What is stored?',
    ({ organization, provider }) =>
      `Your Norwegian national identity number or D number (11 digits), as ${provider} has confirmed it. It is stored encrypted in the member register of ${organization} and passed on to its member system.`,
  ],
  why: [
    'Why?',
    ({ organization }) =>
      `So that what ${organization} knows about you is right and is not mixed up with somebody else’s.`,
  ],
  basis: 'The basis the organisation has stated:',
  howLong: [
    'For how long?',
    ({ organization, retention }) =>
      `The number from this login is stored for ${retention}. You can withdraw your consent at any time by contacting ${organization}.`,
  ],
  voluntary: 'It is voluntary. You will be logged in whatever you answer.',
  timeLimit: ({ minutes }) => `This page stays open for ${minutes} minutes. After that you have to log in again.`,
  yes: 'Yes, store the number',
  no: 'No, do not store it',
  onward: {
    title: ({ provider }) => `One more question at ${provider}`,
    text: ({ organization, provider }) =>
      `You are logged in. ${provider} will now ask you whether ${organization} may have your national identity number. You will be logged in whatever you answer.`,
    button: ({ provider }) => `Continue to ${provider}`,
  },
  units: { year: ['year', 'years'], mon: ['month', 'months'], week: ['week', 'weeks'], day: ['day', 'days'] },
};

export const texts: Record<Locale, Texts> = { nb, nn, en };

/**
 * @param interval as PostgreSQL writes it, such as `1 year 6 mons`; anything else is shown as it is
 */
export function describeRetention(interval: string, locale: Locale): string {
  const parts = [...interval.matchAll(/([0-9]+) (year|mon|week|day)s?/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join(' ') !== interval) return interval;
  const words = parts.map(([, count, unit]) => {
    const [one, many] = texts[locale].units[unit as keyof Texts['units']];
    return `${count} ${count === '1' ? one : many}`;
  });
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(words);
}
