/** The languages our pages speak (BCP 47): bokmål, nynorsk, English. */
export const locales = ['nb', 'nn', 'en'] as const;
export type Locale = (typeof locales)[number];

/**
 * The language of a page: what the person chose on the page before, otherwise what the browser asks for, otherwise bokmål.
 *
 * @param chosen the `lang` parameter
 * @param acceptLanguage RFC 9110 section 12.5.4
 */
export function chooseLocale(chosen: string | undefined, acceptLanguage: string | undefined): Locale {
  const found = locales.find((locale) => locale === chosen);
  if (found !== undefined) return found;
  const wanted = (acceptLanguage ?? '').slice(0, 500).split(',').map(readRange);
  wanted.sort((one, other) => other.weight - one.weight);
  for (const { language, weight } of wanted) {
    const locale = localeOf(language);
    if (locale !== undefined && weight > 0) return locale;
  }
  return 'nb';
}

function readRange(range: string): { language: string; weight: number } {
  const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
  const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? '1');
  return { language: tag.toLowerCase().split('-')[0] ?? '', weight: Number.isFinite(weight) ? weight : 0 };
}

function localeOf(language: string): Locale | undefined {
  return language === 'no' ? 'nb' : locales.find((locale) => locale === language);
}
