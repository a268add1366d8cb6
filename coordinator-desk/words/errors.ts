import { inLanguages } from './words.ts';

/** Pages for when something is wrong: what has happened, and what to do. */
export const errorWords = inLanguages(
  {
    notFound: {
      title: 'Siden finnes ikke',
      text: 'Adressen er feil, eller det den viste til, er borte eller hører til en annen organisasjon.',
    },
    notAllowed: { title: 'Slik kan siden ikke brukes', text: 'Gå tilbake til siden du kom fra, og bruk knappene der.' },
    foreign: {
      title: 'Skjemaet kom ikke herfra',
      text: 'Ingenting er gjort. Åpne saken på nytt, og send skjemaet derfra.',
    },
    tooLarge: {
      title: 'Skjemaet er for stort',
      text: 'Ingenting er gjort. Velg færre saker, eller skriv et kortere notat.',
    },
    tooMany: { title: 'For mange forespørsler', text: 'Vent et minutt, og prøv igjen.' },
    busy: {
      title: 'Det er mye å gjøre akkurat nå',
      text: 'Vent noen sekunder, og last siden på nytt. Ingenting er gjort.',
    },
    unavailable: {
      title: 'Databasen svarer ikke',
      text: 'Vent et minutt, og prøv igjen. Hvis du nettopp avgjorde en sak, kan du se på listen over avgjorte saker om den er med.',
    },
    slow: {
      title: 'Det tok for lang tid',
      text: 'Databasen brukte for lang tid og ga opp. Søk etter mindre, eller prøv igjen senere.',
    },
    signIn: { title: 'Påloggingen svarer ikke', text: 'Vent et minutt, og prøv igjen. Du er fortsatt logget på.' },
    otherPerson: {
      title: 'Noen andre er logget på',
      text: 'Noen andre har logget på i denne nettleseren siden skjemaet ble åpnet. Ingenting er gjort. Åpne saken på nytt før du avgjør den.',
    },
    removed: {
      title: 'Du er ikke lenger koordinator',
      text: 'Kontoen din har ikke tilgang til sakene. Ingenting er gjort. Spør den som administrerer koordinatorene, hvis det er feil.',
    },
    failed: {
      title: 'Noe gikk galt',
      text: 'Feilen er skrevet ned. Prøv igjen. Hvis den kommer tilbake, kan du gi referansen nedenfor til teknisk kontakt.',
    },
    yourText: 'Dette hadde du skrevet:',
    reference: 'Referanse:',
    toStart: 'Til forsiden',
  },
  {
    notFound: {
      title: 'Sida finst ikkje',
      text: 'Adressa er feil, eller det ho viste til, er borte eller høyrer til ein annan organisasjon.',
    },
    notAllowed: { title: 'Slik kan ikkje sida brukast', text: 'Gå tilbake til sida du kom frå, og bruk knappane der.' },
    foreign: {
      title: 'Skjemaet kom ikkje herifrå',
      text: 'Ingenting er gjort. Opne saka på nytt, og send skjemaet derifrå.',
    },
    tooLarge: {
      title: 'Skjemaet er for stort',
      text: 'Ingenting er gjort. Vel færre saker, eller skriv eit kortare notat.',
    },
    tooMany: { title: 'For mange førespurnader', text: 'Vent eit minutt, og prøv igjen.' },
    busy: {
      title: 'Det er mykje å gjere akkurat no',
      text: 'Vent nokre sekund, og last sida på nytt. Ingenting er gjort.',
    },
    unavailable: {
      title: 'Databasen svarar ikkje',
      text: 'Vent eit minutt, og prøv igjen. Om du nettopp avgjorde ei sak, kan du sjå på lista over avgjorde saker om ho er med.',
    },
    slow: {
      title: 'Det tok for lang tid',
      text: 'Databasen brukte for lang tid og gav opp. Søk etter mindre, eller prøv igjen seinare.',
    },
    signIn: { title: 'Pålogginga svarar ikkje', text: 'Vent eit minutt, og prøv igjen. Du er framleis logga på.' },
    otherPerson: {
      title: 'Nokon andre er logga på',
      text: 'Nokon andre har logga på i denne nettlesaren sidan skjemaet vart opna. Ingenting er gjort. Opne saka på nytt før du avgjer ho.',
    },
    removed: {
      title: 'Du er ikkje koordinator lenger',
      text: 'Kontoen din har ikkje tilgang til sakene. Ingenting er gjort. Spør den som administrerer koordinatorane, om det er feil.',
    },
    failed: {
      title: 'Noko gjekk gale',
      text: 'Feilen er skriven ned. Prøv igjen. Om han kjem tilbake, kan du gi referansen nedanfor til teknisk kontakt.',
    },
    yourText: 'Dette hadde du skrive:',
    reference: 'Referanse:',
    toStart: 'Til framsida',
  },
  {
    notFound: {
      title: 'There is no such page',
      text: 'The address is wrong, or what it pointed at is gone or belongs to another organisation.',
    },
    notAllowed: {
      title: 'The page cannot be used like this',
      text: 'Go back to the page you came from and use its buttons.',
    },
    foreign: {
      title: 'The form did not come from here',
      text: 'Nothing was done. Open the case again and send the form from there.',
    },
    tooLarge: {
      title: 'The form is too large',
      text: 'Nothing was done. Choose fewer cases, or write a shorter note.',
    },
    tooMany: { title: 'Too many requests', text: 'Wait a minute and try again.' },
    busy: {
      title: 'There is a lot going on just now',
      text: 'Wait a few seconds and load the page again. Nothing was done.',
    },
    unavailable: {
      title: 'The database does not answer',
      text: 'Wait a minute and try again. If you have just settled a case, look at the settled cases whether it is there.',
    },
    slow: {
      title: 'It took too long',
      text: 'The database took too long and gave up. Search for less, or try again later.',
    },
    signIn: {
      title: 'The sign-in service does not answer',
      text: 'Wait a minute and try again. You are still signed in.',
    },
    otherPerson: {
      title: 'Somebody else is signed in',
      text: 'Somebody else has signed in in this browser since the form was opened. Nothing was done. Open the case again before you decide.',
    },
    removed: {
      title: 'You are no longer a coordinator',
      text: 'Your account has no access to the cases. Nothing was done. If that is wrong, ask whoever manages the coordinators.',
    },
    failed: {
      title: 'Something went wrong',
      text: 'The fault was written down. Please try again. If it comes back, give the reference below to your technical contact.',
    },
    yourText: 'This is what you had written:',
    reference: 'Reference:',
    toStart: 'To the first page',
  },
);
export type ErrorKind = Exclude<keyof (typeof errorWords)['nb'], 'yourText' | 'reference' | 'toStart'>;
