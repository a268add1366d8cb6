import { de, en, nb_NO, pl, sv, tr, uk, vi } from '@faker-js/faker';
import { createChance } from '../../test/chaos/random.ts';
import { ukrainianInLatin } from './latin.ts';
import { COMMON_SURNAMES, FARM_SURNAMES, MEN, WOMEN } from './norwegian.ts';
import { type Ranked, rank } from './ranked.ts';
import * as spellings from './spellings.ts';

export type Sex = 'female' | 'male';

export type Language = {
  name: string;
  /** People of a hundred. */
  share: number;
  given: Record<Sex, Ranked>;
  /** Given names of those born from 1985 on, where they differ. */
  young?: Record<Sex, Ranked>;
  family: Ranked;
  /** The form a woman has, where it is another. */
  feminine?: (family: string) => string;
  /** A family name that is the father's and grandfather's given names. */
  patronymic?: true;
  doubleGiven: number;
};

type Locale = {
  person: { first_name: Partial<Record<Sex | 'generic', string[] | null>>; last_name: { generic?: string[] | null } };
};

/** How alike names are: Zipf-Mandelbrot, 1 / (rank + flatness). `docs/linkage.md` says what came of it. */
const GIVEN_FLATNESS = 12;
const FAMILY_FLATNESS = 8;

/** Norwegian and ten other languages spoken in Norway. The shares are assumed: immigrants join less often than others. */
export const LANGUAGES: readonly Language[] = [
  {
    name: 'Norwegian',
    share: 86,
    doubleGiven: 0.3,
    given: { female: rank(WOMEN, GIVEN_FLATNESS), male: rank(MEN, GIVEN_FLATNESS) },
    young: both(nb_NO as Locale),
    family: rank(unique([...COMMON_SURNAMES, ...shuffle(FARM_SURNAMES)]), FAMILY_FLATNESS),
  },
  fromLocale('Polish', 3, pl as Locale, { feminine: (family) => family.replace(/([sc]|dz)ki$/, '$1ka') }),
  { ...fromLocale('Ukrainian', 1.6, uk as Locale), feminine: (family) => family.replace(/skyi$/, 'ska') },
  fromLocale('Swedish', 1.2, sv as Locale),
  fromLocale('German', 1, de as Locale),
  fromLocale('English', 1, en as Locale),
  fromLocale('Turkish', 0.7, tr as Locale),
  {
    ...fromLocale('Vietnamese', 0.7, vi as Locale),
    family: rank(words('Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương Lý'), 0.5),
  },
  fromLists('Arabic', 1.9, [spellings.ARABIC_WOMEN, spellings.ARABIC_MEN, spellings.ARABIC_SURNAMES]),
  {
    ...fromLists('Somali', 1.4, [spellings.SOMALI_WOMEN, spellings.SOMALI_MEN, spellings.SOMALI_MEN]),
    patronymic: true,
  },
  fromLists('Urdu', 1.5, [spellings.URDU_WOMEN, spellings.URDU_MEN, spellings.URDU_SURNAMES]),
];

function fromLocale(name: string, share: number, locale: Locale, more: Partial<Language> = {}): Language {
  const family = shuffle(unique((locale.person.last_name.generic ?? []).map(inLatin)));
  return { name, share, given: both(locale), family: rank(family, FAMILY_FLATNESS), doubleGiven: 0.1, ...more };
}

/** Of our own lists the first spelling is the person's; the others are what registers make of it. */
function fromLists(name: string, share: number, [women, men, family]: [string[][], string[][], string[][]]): Language {
  const first = (lists: string[][]) =>
    rank(
      lists.map(([spelling]) => spelling as string),
      4,
    );
  return { name, share, given: { female: first(women), male: first(men) }, family: first(family), doubleGiven: 0.15 };
}

/** The lists of the package are by letter, not by frequency: which name is the frequent one is drawn, once and for all. */
function both({ person: { first_name } }: Locale): Record<Sex, Ranked> {
  const list = (sex: Sex) => rank(shuffle(unique((first_name[sex] ?? []).map(inLatin))), GIVEN_FLATNESS);
  return { female: list('female'), male: list('male') };
}

function inLatin(name: string): string {
  return /\p{Script=Cyrillic}/u.test(name) ? ukrainianInLatin(name) : name;
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}

function words(text: string): string[] {
  return text.split(' ');
}

function shuffle(names: readonly string[]): string[] {
  const { next } = createChance(names.length);
  return names
    .map((name) => [next(), name] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, name]) => name);
}
