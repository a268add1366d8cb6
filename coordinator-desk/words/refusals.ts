import type { RefusalCode } from '../../db/api-types.gen.ts';
import { inLanguages } from './words.ts';

/** Every refusal of schema `api` (docs/error-codes.md): what it means, and what to do. A code without a sentence does not compile. */
export const refusalWords = inLanguages<Record<RefusalCode, string>>(
  {
    not_found: 'Den finnes ikke for deg. Gå tilbake til listen, og åpne den på nytt.',
    stale_version: 'Saken er endret siden du åpnet den. Les den på nytt, og avgjør den slik den er nå.',
    not_open: 'Saken er avgjort allerede. Angre avgjørelsen hvis den var feil.',
    unknown_decision: 'Svaret finnes ikke. Last siden på nytt, og velg et av svarene der.',
    decision_not_applicable: 'Dette svaret passer ikke til saken. Last siden på nytt, og velg et av svarene der.',
    number_taken:
      'Et annet medlem har dette nummeret. Avgjør først hvem av de to det hører til: slå dem sammen, eller la det være.',
    evidence_changed:
      'Numrene i registeret er endret siden, så det er ikke lenger noe å avgjøre. La saken stå, eller skill påloggingen fra medlemmet.',
    capture_off:
      'Organisasjonen har ikke registrert grunnlaget for å lagre fødselsnummer. Be den som har ansvaret, om å gjøre det først.',
    already_linked: 'Påloggingen hører allerede til et medlem. Er det feil, må saken om den avgjøres.',
    member_erased: 'Personen er slettet, eller i ferd med å bli det. Ingenting mer avgjøres om medlemmet.',
    person_in_reason:
      'Begrunnelsen røper hvem det er, og den blir stående. Skriv den uten navn, nummer, adresse og fødselsdato.',
    rule_unknown: 'Det finnes ingen slik regel for tilskudd.',
    division_unknown:
      'Kommunene for det året er ikke lagt inn. Driftsansvarlig legger dem inn, se docs/grant-reports.md, «A new year».',
    year_not_over: 'Datoen som telles, er ikke passert ennå.',
    corrects_unknown: 'Det som rettes, må være de siste frosne tallene for samme organisasjon, grunnlagsår og regel.',
    frozen_already: 'Tallene er frosset. En rettelse er en ny telling som viser til de frosne tallene.',
    count_failed: 'Tellingen mislyktes, så det er ingen tall. Tell på nytt.',
    is_being_counted: 'Medlemmene telles nå. Prøv igjen når tellingen er ferdig.',
    list_unusable: 'Det finnes ingen slik liste, eller ikke så lang.',
    area_unusable: 'Skriv nummer på fylker eller kommuner, slik de var det året.',
    erasure_not_done:
      'Kvitteringen er ikke klar ennå. Prøv igjen om et minutt. Er den fortsatt ikke klar, må teknisk kontakt se på det.',
    receipt_given: 'Kvitteringen er hentet allerede. Den gis ut én gang.',
    member_merged: 'Medlemmet er slått sammen med et annet. Bruk medlemmet som er igjen.',
    not_failed: 'Overføringen har ikke mislyktes, eller en nyere har tatt over. Du trenger ikke gjøre noe.',
    disputed: 'Nummeret er omstridt i en åpen sak. Avgjør den saken først.',
    name_one_thing: 'Siden ba om noe som ikke lar seg gjøre. Last siden på nytt, og prøv igjen.',
    not_waiting: 'Endringen venter ikke lenger på arbeidslisten. Last listen på nytt.',
    not_sealed_yet:
      'Nummeret er ikke klart ennå. Prøv igjen om et minutt. Er det fortsatt ikke klart, må teknisk kontakt se på det.',
    not_ready:
      'Filen kan ikke hentes eller bekreftes: den skrives fortsatt, eller den er avsluttet. Last listen på nytt.',
    not_in_file: 'Ett av medlemsnumrene finnes ikke i filen. Ingenting er bekreftet. Rett numrene, og prøv igjen.',
    not_resolved: 'Saken har ingen avgjørelse som kan angres.',
    too_late: 'En avgjørelse kan angres i 30 dager. Den er eldre enn det.',
    undone_too_often: 'Avgjørelser i denne saken er angret tjue ganger. La den være, eller spør teknisk kontakt.',
    note_too_long: 'Notatet kan ha høyst 4000 tegn. Skriv det kortere.',
    number_in_note: 'Notatet inneholder elleve siffer som kan være et fødselsnummer. Skriv det uten dem.',
    query_unusable:
      'Skriv minst to bokstaver av hvert navn, eller en fødselsdato, en telefon, en e-postadresse eller et medlemsnummer.',
    limit_unusable: 'Fra 1 til 50 medlemmer vises om gangen.',
    number_in_query:
      'Ingen blir funnet med fødselsnummer. Søk med navn, fødselsdato, telefon, e-post eller medlemsnummer.',
    nothing_to_withdraw: 'Det er ikke noe samtykke å trekke tilbake.',
    unknown_language: 'Språket finnes ikke her. Velg bokmål, nynorsk eller engelsk.',
    awaits_approval:
      'Noen har allerede foreslått en avgjørelse i saken. En annen koordinator godkjenner eller avslår den, eller den som foreslo den, trekker den tilbake.',
    not_proposed: 'Ingen avgjørelse i saken venter på godkjenning. Last siden på nytt.',
    own_proposal:
      'Du foreslo dette selv. En annen koordinator må godkjenne eller avslå det. Du kan trekke det tilbake.',
    not_your_proposal: 'En annen koordinator foreslo dette. Du kan avslå det.',
    already_assigned: 'En kollega har tatt saken. Be kollegaen gi den fra seg først.',
    date_unusable: 'En sak kan utsettes til en dag fra i morgen til om et år. Velg en annen dag.',
    text_missing: 'Skriv noe i kommentaren.',
    too_many_comments: 'Saken har allerede to hundre kommentarer. Avgjør den, eller skriv i notatet.',
    number_of_cases: 'Velg fra 1 til 200 saker.',
    several_classes: 'Sakene er ikke av samme slag lenger. Ingenting er gjort. Åpne listen på nytt, og velg igjen.',
    key_is_private:
      'Dette er en privat nøkkel, som ingen andre skal ha. Kast den, lag et nytt nøkkelpar, og send den offentlige.',
    key_unusable: 'Dette er ikke en offentlig nøkkel som kan brukes. Lag et nytt nøkkelpar på siden for nøkkelen.',
    invoice_not_open: 'Fakturaen er sendt, er under sending nå, eller er annullert.',
    reason_too_long: 'Begrunnelsen er for lang. Den kan ha 500 tegn.',
    newer_change: 'Noe nyere bygger på denne avgjørelsen. Angre eller avgjør det nyere først.',
  },
  {
    not_found: 'Ho finst ikkje for deg. Gå tilbake til lista, og opne ho på nytt.',
    stale_version: 'Saka er endra sidan du opna ho. Les ho på nytt, og avgjer ho slik ho er no.',
    not_open: 'Saka er avgjord allereie. Angre avgjerda om ho var feil.',
    unknown_decision: 'Svaret finst ikkje. Last sida på nytt, og vel eit av svara der.',
    decision_not_applicable: 'Dette svaret passar ikkje til saka. Last sida på nytt, og vel eit av svara der.',
    number_taken:
      'Ein annan medlem har dette nummeret. Avgjer først kven av dei to det høyrer til: slå dei saman, eller la det vere.',
    evidence_changed:
      'Nummera i registeret er endra sidan, så det er ikkje lenger noko å avgjere. La saka stå, eller skil pålogginga frå medlemen.',
    capture_off:
      'Organisasjonen har ikkje registrert grunnlaget for å lagre fødselsnummer. Be den som har ansvaret, om å gjere det først.',
    already_linked: 'Pålogginga høyrer allereie til ein medlem. Er det feil, må saka om ho avgjerast.',
    member_erased: 'Personen er sletta, eller i ferd med å bli det. Ingenting meir blir avgjort om medlemen.',
    person_in_reason:
      'Grunngjevinga røper kven det er, og ho blir ståande. Skriv ho utan namn, nummer, adresse og fødselsdato.',
    rule_unknown: 'Det finst ingen slik regel for tilskot.',
    division_unknown:
      'Kommunane for det året er ikkje lagde inn. Driftsansvarleg legg dei inn, sjå docs/grant-reports.md, «A new year».',
    year_not_over: 'Datoen som blir talt, er ikkje passert enno.',
    corrects_unknown: 'Det som blir retta, må vere dei siste frosne tala for same organisasjon, grunnlagsår og regel.',
    frozen_already: 'Tala er frosne. Ei retting er ei ny teljing som viser til dei frosne tala.',
    count_failed: 'Teljinga mislukkast, så det er ingen tal. Tel på nytt.',
    is_being_counted: 'Medlemmene blir talde no. Prøv igjen når teljinga er ferdig.',
    list_unusable: 'Det finst inga slik liste, eller ikkje så lang.',
    area_unusable: 'Skriv nummer på fylke eller kommunar, slik dei var det året.',
    erasure_not_done:
      'Kvitteringa er ikkje klar enno. Prøv igjen om eit minutt. Er ho framleis ikkje klar, må teknisk kontakt sjå på det.',
    receipt_given: 'Kvitteringa er henta allereie. Ho blir gitt ut éin gong.',
    member_merged: 'Medlemen er slått saman med ein annan. Bruk medlemen som er igjen.',
    not_failed: 'Overføringa har ikkje mislukkast, eller ei nyare har teke over. Du treng ikkje gjere noko.',
    disputed: 'Nummeret er omstridd i ei open sak. Avgjer den saka først.',
    name_one_thing: 'Sida bad om noko som ikkje lèt seg gjere. Last sida på nytt, og prøv igjen.',
    not_waiting: 'Endringa ventar ikkje lenger på arbeidslista. Last lista på nytt.',
    not_sealed_yet:
      'Nummeret er ikkje klart enno. Prøv igjen om eit minutt. Er det framleis ikkje klart, må teknisk kontakt sjå på det.',
    not_ready:
      'Fila kan ikkje hentast eller stadfestast: ho blir framleis skriven, eller ho er avslutta. Last lista på nytt.',
    not_in_file: 'Eitt av medlemsnummera finst ikkje i fila. Ingenting er stadfesta. Rett nummera, og prøv igjen.',
    not_resolved: 'Saka har inga avgjerd som kan angrast.',
    too_late: 'Ei avgjerd kan angrast i 30 dagar. Ho er eldre enn det.',
    undone_too_often: 'Avgjerder i denne saka er angra tjue gonger. La ho vere, eller spør teknisk kontakt.',
    note_too_long: 'Notatet kan ha høgst 4000 teikn. Skriv det kortare.',
    number_in_note: 'Notatet inneheld elleve siffer som kan vere eit fødselsnummer. Skriv det utan dei.',
    query_unusable:
      'Skriv minst to bokstavar av kvart namn, eller ein fødselsdato, ein telefon, ei e-postadresse eller eit medlemsnummer.',
    limit_unusable: 'Frå 1 til 50 medlemer blir viste om gongen.',
    number_in_query:
      'Ingen blir funnen med fødselsnummer. Søk med namn, fødselsdato, telefon, e-post eller medlemsnummer.',
    nothing_to_withdraw: 'Det er ikkje noko samtykke å trekkje tilbake.',
    unknown_language: 'Språket finst ikkje her. Vel bokmål, nynorsk eller engelsk.',
    awaits_approval:
      'Nokon har allereie foreslått ei avgjerd i saka. Ein annan koordinator godkjenner eller avslår ho, eller den som foreslo ho, trekkjer ho tilbake.',
    not_proposed: 'Inga avgjerd i saka ventar på godkjenning. Last sida på nytt.',
    own_proposal:
      'Du foreslo dette sjølv. Ein annan koordinator må godkjenne eller avslå det. Du kan trekkje det tilbake.',
    not_your_proposal: 'Ein annan koordinator foreslo dette. Du kan avslå det.',
    already_assigned: 'Ein kollega har teke saka. Be kollegaen gi ho frå seg først.',
    date_unusable: 'Ei sak kan utsetjast til ein dag frå i morgon til om eit år. Vel ein annan dag.',
    text_missing: 'Skriv noko i kommentaren.',
    too_many_comments: 'Saka har allereie to hundre kommentarar. Avgjer ho, eller skriv i notatet.',
    number_of_cases: 'Vel frå 1 til 200 saker.',
    several_classes: 'Sakene er ikkje av same slag lenger. Ingenting er gjort. Opne lista på nytt, og vel igjen.',
    key_is_private:
      'Dette er ein privat nøkkel, som ingen andre skal ha. Kast han, lag eit nytt nøkkelpar, og send den offentlege.',
    key_unusable: 'Dette er ikkje ein offentleg nøkkel som kan brukast. Lag eit nytt nøkkelpar på sida for nøkkelen.',
    invoice_not_open: 'Fakturaen er send, er under sending no, eller er annullert.',
    reason_too_long: 'Grunngjevinga er for lang. Ho kan ha 500 teikn.',
    newer_change: 'Noko nyare byggjer på denne avgjerda. Angre eller avgjer det nyare først.',
  },
  {
    not_found: 'There is none for you. Go back to the list and open it again.',
    stale_version: 'The case has changed since you opened it. Read it again and decide on what it says now.',
    not_open: 'The case is settled already. Undo the decision if it was wrong.',
    unknown_decision: 'There is no such answer. Load the page again and choose one of the answers there.',
    decision_not_applicable:
      'This answer does not fit the case. Load the page again and choose one of the answers there.',
    number_taken: 'Another member has this number. First settle whose it is: merge the two, or leave it.',
    evidence_changed:
      'The numbers of the records have changed since, and nothing is left to decide. Leave the case, or part the login from the member.',
    capture_off:
      'The organisation has not recorded its basis for storing numbers. Ask whoever is responsible to do that first.',
    already_linked: 'The login belongs to a member already. If that is wrong, settle the case about it.',
    member_erased: 'The person is erased, or about to be. Nothing more is decided about the member.',
    person_in_reason:
      'The reason tells who it is, and it is kept. Write it without name, number, address and birth date.',
    rule_unknown: 'There is no such rule of a grant.',
    division_unknown:
      'The municipalities of that year are not entered. The operator adds them: see docs/grant-reports.md, "A new year".',
    year_not_over: 'The day that is counted has not passed yet.',
    corrects_unknown: 'What is corrected must be the last frozen figures of the same organisation, base year and rule.',
    frozen_already: 'The figures are frozen. A correction is a new count that names the frozen one.',
    count_failed: 'The count failed, so there are no figures. Count again.',
    is_being_counted: 'Members are being counted now. Try again when the count is done.',
    list_unusable: 'There is no such list, or not of that length.',
    area_unusable: 'Write numbers of counties or municipalities as they were in that year.',
    erasure_not_done:
      'The receipt is not ready yet. Try again in a minute. If it is still not ready, technical support must look at it.',
    receipt_given: 'The receipt was fetched already. It is given out once.',
    member_merged: 'The member was merged into another. Use the one that is left.',
    not_failed: 'The delivery has not failed, or a newer one has taken its place. You need not do anything.',
    disputed: 'The number is in question in an open case. Settle that case first.',
    name_one_thing: 'The page asked for something that cannot be done. Load it again and try once more.',
    not_waiting: 'The change does not wait on the worklist any more. Load the list again.',
    not_sealed_yet:
      'The number is not ready yet. Try again in a minute. If it stays so, your technical contact must look at it.',
    not_ready:
      'The file cannot be fetched or confirmed: it is still being written, or it is over. Load the list again.',
    not_in_file:
      'One of the member numbers is not in the file. Nothing was confirmed. Correct the numbers and try again.',
    not_resolved: 'The case has no decision that could be undone.',
    too_late: 'A decision can be undone for 30 days. This one is older.',
    undone_too_often: 'Decisions on this case were undone twenty times. Leave it, or ask your technical contact.',
    note_too_long: 'A note has 4000 characters at most. Write it shorter.',
    number_in_note: 'The note holds eleven digits that may be a national identity number. Write it without them.',
    query_unusable:
      'Write at least two letters of each name, or a birth date, a phone, an e-mail address or a member number.',
    limit_unusable: 'From 1 to 50 members are shown at a time.',
    number_in_query:
      'Nobody is found by a national identity number. Search by name, birth date, phone, e-mail or member number.',
    nothing_to_withdraw: 'There is no consent to withdraw.',
    unknown_language: 'There is no such language here. Choose Bokmål, Nynorsk or English.',
    awaits_approval:
      'Somebody has proposed a decision on this case already. Another coordinator approves or declines it, or the one who proposed it withdraws it.',
    not_proposed: 'No decision on this case waits for approval. Load the page again.',
    own_proposal: 'You proposed this yourself. Another coordinator must approve or decline it. You can withdraw it.',
    not_your_proposal: 'Another coordinator proposed this. You can decline it.',
    already_assigned: 'A colleague has taken this case. Ask the colleague to give it back first.',
    date_unusable: 'A case can be postponed until a day from tomorrow to a year ahead. Choose another day.',
    text_missing: 'Write something in the comment.',
    too_many_comments: 'The case has two hundred comments already. Settle it, or write in the note.',
    number_of_cases: 'Choose from 1 to 200 cases.',
    several_classes:
      'The cases are not all alike any more. Nothing was done. Open the list again and choose once more.',
    key_is_private:
      'This is a private key, which nobody else may have. Throw it away, make a new pair, and send the public one.',
    key_unusable: 'This is no public key that can be used. Make a new pair on the page for the key.',
    invoice_not_open: 'The invoice is issued, is being issued at this moment, or is cancelled.',
    reason_too_long: 'The reason is too long. It can have 500 characters.',
    newer_change: 'Something newer depends on this decision. Undo or settle the newer thing first.',
  },
);
