import { html } from 'hono/html';
import type { Locale } from '../../runtime/language.ts';
import { refusalWords } from '../words/refusals.ts';
import type { Html } from './layout.ts';

// What is searched for stands in the address, and addresses are kept by browsers and proxies. After a plus it is a phone number.
const ELEVEN_DIGITS = String.raw`\s*(?:\d[\s.\-]*){11}`;
const onlyElevenDigits = new RegExp(`^${ELEVEN_DIGITS}$`);

/** Attributes of a search field: the browser keeps a personnummer back, and says why. */
export function keepsNumberBack(locale: Locale): Html {
  return html` pattern="(?!${ELEVEN_DIGITS}$).*" title="${refusalWords[locale].number_in_query}"`;
}

/** Path and query of an address as they may be repeated in forms, links and redirects: what may be a personnummer is left out. */
export function addressToRepeat(url: string): string {
  const { pathname, searchParams } = new URL(url);
  const kept = new URLSearchParams([...searchParams].filter(([, value]) => !onlyElevenDigits.test(value)));
  return kept.size === 0 ? pathname : `${pathname}?${kept}`;
}
