import type { Locale } from '../../runtime/language.ts';

/** The same words in each language. */
export type Words<Text> = Record<Locale, Text>;

/** Bokmål says which words there are; a language in which one of them is missing does not compile. */
export function inLanguages<Text>(nb: Text, nn: NoInfer<Text>, en: NoInfer<Text>): Words<Text> {
  return { nb, nn, en };
}
