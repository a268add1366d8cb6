import type { Chance } from '../test/chaos/random.ts';
import { PEOPLE } from './assumptions.ts';
import { LANGUAGES, type Language, type Sex } from './names/languages.ts';
import { draw } from './names/ranked.ts';

/** Somebody as they are: the truth that everything is judged by. */
export type Person = {
  id: number;
  household: number;
  role: 'adult' | 'partner' | 'child';
  /** The other one of a pair of twins. */
  twin: boolean;
  language: Language;
  sex: Sex;
  /** `YYYY-MM-DD` */
  birthDate: string;
  given: string[];
  /** Another family's name between given name and surname; the population register counts it to the given names. */
  middle: string | null;
  family: string;
  familyBefore: string | null;
  hadDNumber: boolean;
  /** The birth date in the D-number, where it was corrected later. */
  birthDateBefore: string;
  phone: string | null;
  email: string | null;
  member: boolean;
  /** What somebody else had before: for the examples. */
  tookOver: string[];
};

const SHARES = Object.fromEntries(LANGUAGES.map(({ share }, at) => [String(at), share]));

/** What members have given up, for others to get. */
export type GivenUp = { phones: string[]; emails: string[]; offices: [phone: string, email: string][] };

/** Makes household after household. The same chance makes the same people. */
export class People {
  #chance: Chance;
  #people = 0;
  #households = 0;
  #phones = 0;
  readonly givenUp: GivenUp = { phones: [], emails: [], offices: [] };

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  household(): Person[] {
    this.#households += 1;
    const kind = this.#chance.weigh({ single: 42, couple: 33, family: 20, parent: 4, twins: 1 });
    const first = this.#adult('adult', this.#language(), this.#chance.between(kind === 'single' ? 18 : 22, 92));
    const people = [first];
    if (kind === 'couple' || kind === 'family') people.push(this.#partnerOf(first));
    if (kind === 'twins') people.push(this.#twinOf(first));
    if (kind === 'family' || kind === 'parent') people.push(...this.#childrenOf(first, people[1]));
    this.#chooseMembers(people);
    for (const person of people) this.#takeOver(person);
    return people;
  }

  /** A phone number that nobody else has, or ever had. Norwegian mobiles begin with 4 or 9. */
  newPhone(): string {
    this.#phones += 1;
    // Spread over the range, so that neighbours in the stream are no neighbours in the index.
    const at = (this.#phones * 7_368_787) % 20_000_000;
    return `+47${at < 10_000_000 ? 40_000_000 + at : 80_000_000 + at}`;
  }

  newEmail(given: string, family: string): string {
    const local = `${given}.${family}`
      .normalize('NFKD')
      .replace(/[^A-Za-z.]/g, '')
      .toLowerCase();
    return `${local}${this.#people}.${this.#chance.next().toString(36).slice(2, 5)}@mail.example`;
  }

  #language(): Language {
    return LANGUAGES[Number(this.#chance.weigh(SHARES))] as Language;
  }

  #adult(role: Person['role'], language: Language, age: number): Person {
    const sex = this.#is(0.56) ? 'female' : 'male';
    const birthDate = this.#date(2026 - age);
    const surname = this.#surname(language, sex);
    return this.#person({
      role,
      language,
      sex,
      birthDate,
      given: this.#given(language, sex, birthDate),
      family: surname,
    });
  }

  #person(known: Pick<Person, 'role' | 'language' | 'sex' | 'birthDate' | 'given' | 'family'>): Person {
    this.#people += 1;
    const adult = Number(known.birthDate.slice(0, 4)) < 2013;
    const foreign = known.language.name !== 'Norwegian';
    const hadDNumber = foreign && this.#is(PEOPLE.succeededDNumber.rate);
    const corrected = hadDNumber && this.#is(PEOPLE.correctedBirth.rate);
    return {
      ...known,
      id: this.#people,
      household: this.#households,
      twin: false,
      middle: null,
      familyBefore: null,
      hadDNumber,
      birthDateBefore: corrected ? `${known.birthDate.slice(0, 4)}-01-01` : known.birthDate,
      phone: adult ? this.newPhone() : null,
      email: adult && !this.#is(PEOPLE.noEmail.rate) ? this.newEmail(known.given[0] as string, known.family) : null,
      member: false,
      tookOver: [],
    };
  }

  #partnerOf(first: Person): Person {
    const language = this.#is(0.85) ? first.language : this.#language();
    const age = 2026 - Number(first.birthDate.slice(0, 4)) + this.#chance.between(-6, 6);
    const partner = this.#adult('partner', language, Math.min(95, Math.max(19, age)));
    if (this.#is(0.97)) {
      partner.sex = first.sex === 'female' ? 'male' : 'female';
      partner.given = this.#given(language, partner.sex, partner.birthDate);
    }
    if (this.#is(PEOPLE.sharedSurname.rate) && first.language.patronymic === undefined) {
      const [taker, giver] = partner.sex === 'female' ? [partner, first] : [first, partner];
      taker.familyBefore = taker.family;
      taker.family = this.#formFor(giver.language, taker.sex, giver.family);
    }
    if (this.#is(PEOPLE.sharedEmail.rate) && first.email !== null) partner.email = first.email;
    if (this.#is(PEOPLE.sharedPhone.rate)) partner.phone = first.phone;
    return partner;
  }

  #twinOf(person: Person): Person {
    const { language, role, birthDate, family } = person;
    const sex = this.#is(0.65) ? person.sex : person.sex === 'female' ? 'male' : 'female';
    const given = this.#given(language, sex, birthDate).filter((name) => !person.given.includes(name));
    // Twins often get second names alike, and sometimes the same one.
    if (this.#is(0.1) && person.given[1] !== undefined) given[1] = person.given[1];
    const twin = this.#person({ role, language, sex, birthDate, given: given.length > 0 ? given : ['Mia'], family });
    twin.middle = person.middle;
    person.twin = true;
    twin.twin = true;
    return twin;
  }

  #childrenOf(first: Person, partner: Person | undefined): Person[] {
    const youngest = Math.max(Number(first.birthDate.slice(0, 4)), Number(partner?.birthDate.slice(0, 4) ?? 0)) + 18;
    const children: Person[] = [];
    for (let count = this.#chance.weigh({ '1': 45, '2': 40, '3': 15 }); children.length < Number(count); ) {
      const born = Math.min(2025, youngest + this.#chance.between(2, 20));
      const sex = this.#is(0.49) ? 'female' : 'male';
      const [named, other] = partner !== undefined && this.#is(0.5) ? [partner, first] : [first, partner];
      const birthDate = this.#date(born);
      const language = named.language;
      const given = language.patronymic
        ? this.#patronymic(language, sex, named)
        : this.#given(language, sex, birthDate);
      const child = this.#person({
        role: 'child',
        language,
        sex,
        birthDate,
        given,
        family: language.patronymic ? (named.given[1] ?? named.family) : this.#formFor(language, sex, named.family),
      });
      if (other !== undefined && other.family !== named.family && this.#is(PEOPLE.middleSurname.rate))
        child.middle = other.family;
      if (this.#is(PEOPLE.namedAfterParent.rate)) child.given = [child.given[0] as string, named.given[0] as string];
      if (this.#is(PEOPLE.sameName.rate))
        Object.assign(child, { given: [...named.given], middle: named.middle, family: named.family });
      children.push(child);
      if (this.#is(PEOPLE.twins.rate)) children.push(this.#twinOf(child));
    }
    return children;
  }

  #chooseMembers(people: Person[]): void {
    if (this.#is(PEOPLE.stranger.rate)) return;
    const first = this.#chance.pick(people);
    for (const person of people) person.member = person === first || this.#is(PEOPLE.familyMember.rate);
  }

  /** Only what was given up long ago: the pool never runs low, and nobody gets back their own. */
  #takeOver(person: Person): void {
    if (person.phone === null) return;
    const { phones, emails, offices } = this.givenUp;
    if (this.#is(PEOPLE.recycledPhone.rate) && phones.length > 20) {
      person.phone = this.#takeFrom(phones);
      person.tookOver.push('phone');
    }
    if (this.#is(PEOPLE.recycledEmail.rate) && emails.length > 20) {
      person.email = this.#takeFrom(emails);
      person.tookOver.push('e-mail address');
    }
    if (this.#is(PEOPLE.office.rate) && offices.length > 20) {
      [person.phone, person.email] = this.#takeFrom(offices);
      person.tookOver.push('branch office');
    }
  }

  #takeFrom<T>(pool: T[]): T {
    const at = Math.floor(this.#chance.next() * (pool.length - 10));
    const taken = pool[at] as T;
    pool[at] = pool[0] as T;
    pool.shift();
    return taken;
  }

  #given(language: Language, sex: Sex, birthDate: string): string[] {
    const list = (birthDate >= '1985' ? language.young?.[sex] : undefined) ?? language.given[sex];
    const given = [draw(list, this.#chance)];
    if (language.patronymic) return [...given, draw(language.given.male, this.#chance)];
    const second = draw(list, this.#chance);
    return this.#is(language.doubleGiven) && second !== given[0] ? [...given, second] : given;
  }

  #patronymic(language: Language, sex: Sex, parent: Person): string[] {
    return [draw(language.given[sex], this.#chance), parent.given[0] as string];
  }

  #surname(language: Language, sex: Sex): string {
    return this.#formFor(language, sex, draw(language.family, this.#chance));
  }

  #formFor(language: Language, sex: Sex, family: string): string {
    return sex === 'female' && language.feminine ? language.feminine(family) : family;
  }

  #date(year: number): string {
    return new Date(Date.UTC(Math.floor(year), 0, 1 + Math.floor(this.#chance.next() * 365)))
      .toISOString()
      .slice(0, 10);
  }

  #is(rate: number): boolean {
    return this.#chance.next() < rate;
  }
}
