import type { Chance } from '../test/chaos/random.ts';
import { OTHER_SPELLINGS } from './names/spellings.ts';

const LETTERS = 'abcdefghijklmnoprstuvyæøå';
const PLAIN: Record<string, string> = {
  æ: 'ae',
  Æ: 'Ae',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ı: 'i',
  ß: 'ss',
};

/** Two letters swapped, one left out, doubled, or another. */
export function mistyped(name: string, chance: Chance): string {
  if (name.length < 3) return name;
  const at = 1 + Math.floor(chance.next() * (name.length - 2));
  const [before, letter, after] = [name.slice(0, at), name.charAt(at), name.slice(at + 1)];
  switch (chance.weigh({ swap: 3, leave: 3, double: 2, other: 2 })) {
    case 'swap':
      return before + after.charAt(0) + letter + after.slice(1);
    case 'leave':
      return before + after;
    case 'double':
      return before + letter + letter + after;
    default:
      return before + chance.pick([...LETTERS]) + after;
  }
}

/** Another spelling of each word that has one. */
export function differently(name: string, chance: Chance): string {
  const whole = OTHER_SPELLINGS.get(name);
  if (whole !== undefined && whole.length > 0) return chance.pick(whole);
  return name
    .split(' ')
    .map((word) => {
      const others = OTHER_SPELLINGS.get(word) ?? [];
      return others.length > 0 ? chance.pick(others) : word;
    })
    .join(' ');
}

/** Without marks, as an old system writes it. */
export function plain(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[æÆøØłŁđĐıß]/g, (letter) => PLAIN[letter] ?? letter);
}
