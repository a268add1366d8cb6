import { inLanguages } from './words.ts';

/** Signing in and out. */
export const sessionWords = inLanguages(
  {
    title: 'Logg på',
    intro: 'Her avgjør koordinatorer saker om medlemmer. Du logger på med kontoen du har i organisasjonen din.',
    choose: 'Velg organisasjonen din',
    signInAt: (name: string) => `Logg på hos ${name}`,
    ended:
      'Du er logget av fordi det er mer enn tolv timer siden sist du brukte sidene, eller fordi du logget av i en annen fane. Logg på igjen, så kommer du tilbake dit du var.',
    kept: 'Du er logget av. Ingenting er gjort, og teksten du skrev, er tatt vare på. Logg på igjen, så står den i skjemaet.',
    inactivity:
      'Du blir logget av når du ikke har brukt sidene på tolv timer. Tekst du holder på å skrive, blir tatt vare på når du sender skjemaet.',
    signedOut: 'Du er logget av',
    signedOutText: 'Lukk nettleseren hvis andre bruker den samme maskinen.',
    signInAgain: 'Logg på igjen',
    refusedTitle: 'Du ble ikke logget på',
    refused: {
      access_denied:
        'Du avbrøt påloggingen, eller kontoen din har ikke lov til å logge på her. Prøv igjen. Hvis det ikke hjelper, kan du spørre teknisk kontakt.',
      coordinator_not_found:
        'Kontoen din er ikke registrert som koordinator. Be den som administrerer koordinatorene, om en invitasjon til e-postadressen du logget på med.',
      login_failed:
        'Påloggingen kunne ikke bekreftes. Prøv igjen. Hvis det skjer flere ganger, må teknisk kontakt se på det.',
      temporarily_unavailable: 'Påloggingen er ute av drift akkurat nå. Vent et minutt, og prøv igjen.',
      server_error: 'Påloggingen er ikke riktig satt opp. Teknisk kontakt må se på det.',
      invalid_request: 'Påloggingen er ikke riktig satt opp. Teknisk kontakt må se på det.',
      stale: 'Påloggingen tok for lang tid, eller den ble begynt i en annen nettleser. Begynn på nytt.',
    },
  },
  {
    title: 'Logg på',
    intro: 'Her avgjer koordinatorar saker om medlemmer. Du loggar på med kontoen du har i organisasjonen din.',
    choose: 'Vel organisasjonen din',
    signInAt: (name) => `Logg på hos ${name}`,
    ended:
      'Du er logga av fordi det er meir enn tolv timar sidan sist du brukte sidene, eller fordi du logga av i ei anna fane. Logg på igjen, så kjem du tilbake dit du var.',
    kept: 'Du er logga av. Ingenting er gjort, og vi har teke vare på teksten du skreiv. Logg på igjen, så står han i skjemaet.',
    inactivity:
      'Du blir logga av når du ikkje har brukt sidene på tolv timar. Tekst du held på å skrive, tek vi vare på når du sender skjemaet.',
    signedOut: 'Du er logga av',
    signedOutText: 'Lukk nettlesaren om andre bruker den same maskina.',
    signInAgain: 'Logg på igjen',
    refusedTitle: 'Du vart ikkje logga på',
    refused: {
      access_denied:
        'Du avbraut pålogginga, eller kontoen din har ikkje lov til å logge på her. Prøv igjen. Om det ikkje hjelper, kan du spørje teknisk kontakt.',
      coordinator_not_found:
        'Kontoen din er ikkje registrert som koordinator. Be den som administrerer koordinatorane, om ein invitasjon til e-postadressa du logga på med.',
      login_failed:
        'Pålogginga kunne ikkje stadfestast. Prøv igjen. Om det skjer fleire gonger, må teknisk kontakt sjå på det.',
      temporarily_unavailable: 'Pålogginga er ute av drift akkurat no. Vent eit minutt, og prøv igjen.',
      server_error: 'Pålogginga er ikkje rett sett opp. Teknisk kontakt må sjå på det.',
      invalid_request: 'Pålogginga er ikkje rett sett opp. Teknisk kontakt må sjå på det.',
      stale: 'Pålogginga tok for lang tid, eller ho vart byrja i ein annan nettlesar. Byrj på nytt.',
    },
  },
  {
    title: 'Sign in',
    intro: 'Here coordinators settle cases about members. You sign in with the account you have at your organisation.',
    choose: 'Choose your organisation',
    signInAt: (name) => `Sign in at ${name}`,
    ended:
      'You are signed out because it is more than twelve hours since you last used these pages, or because you signed out in another tab. Sign in again to come back to where you were.',
    kept: 'You are signed out. Nothing was done, and the text you wrote was kept. Sign in again and it is in the form.',
    inactivity:
      'You are signed out when you have not used these pages for twelve hours. Text you are writing is kept when you send the form.',
    signedOut: 'You are signed out',
    signedOutText: 'Close the browser if others use the same computer.',
    signInAgain: 'Sign in again',
    refusedTitle: 'You were not signed in',
    refused: {
      access_denied:
        'You cancelled, or your account may not sign in here. Please try again. If that does not help, ask your technical contact.',
      coordinator_not_found:
        'Your account is not registered as a coordinator. Ask whoever manages the coordinators for an invitation to the e-mail address you signed in with.',
      login_failed:
        'The sign-in could not be confirmed. Please try again. If it happens more than once, your technical contact must look at it.',
      temporarily_unavailable: 'Signing in is out of order just now. Wait a minute and try again.',
      server_error: 'Signing in is not set up correctly. Your technical contact must look at it.',
      invalid_request: 'Signing in is not set up correctly. Your technical contact must look at it.',
      stale: 'Signing in took too long, or was begun in another browser. Please begin again.',
    },
  },
);
