/** Ukrainian letters as passports write them (resolution 55 of the Cabinet of Ministers, 2010), by letter: first in a word, and elsewhere. */
const UKRAINIAN: Record<string, [string, string]> = Object.fromEntries(
  `а a a|б b b|в v v|г h h|ґ g g|д d d|е e e|є ye ie|ж zh zh|з z z|и y y|і i i|ї yi i|й y i|к k k|л l l|м m m|н n n|о o o|п p p|р r r
  |с s s|т t t|у u u|ф f f|х kh kh|ц ts ts|ч ch ch|ш sh sh|щ shch shch|ю yu iu|я ya ia|ь  |ʼ  |' `
    .split('|')
    .map((line) => line.trim().split(' '))
    .map(([letter, first = '', elsewhere = '']) => [letter, [first, elsewhere]]),
);

export function ukrainianInLatin(name: string): string {
  const written = [...name.toLowerCase().replaceAll('зг', 'zгh')]
    .map((letter, at) => UKRAINIAN[letter]?.[at === 0 ? 0 : 1] ?? letter)
    .join('')
    .replaceAll('zhh', 'zgh');
  return written.charAt(0).toUpperCase() + written.slice(1);
}
