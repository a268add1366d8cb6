import type { Locale } from '../../runtime/language.ts';

/** Dates and numbers as the reader writes them, at Norwegian time. */
export interface Format {
  number(value: number): string;
  /** Øre as kroner: `1 250,50 kr` */
  kroner(ore: number): string;
  /** `8. november 2026` */
  date(value: string): string;
  /** `8. november 2026 kl. 13:05` */
  time(value: string): string;
  /** `november 2026`; a date without a time. */
  month(value: string): string;
  /** `nov.` */
  shortMonth(value: string): string;
}

const tags: Record<Locale, string> = { nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' };
const at: Record<Locale, string> = { nb: 'kl.', nn: 'kl.', en: 'at' };
const zone = { timeZone: 'Europe/Oslo' } as const;

function createFormat(locale: Locale): Format {
  const tag = tags[locale];
  const numbers = new Intl.NumberFormat(tag);
  const kroner = new Intl.NumberFormat(tag, { style: 'currency', currency: 'NOK' });
  const days = new Intl.DateTimeFormat(tag, { ...zone, dateStyle: 'long' });
  const clock = new Intl.DateTimeFormat(tag, { ...zone, hour: '2-digit', minute: '2-digit' });
  // A date without a time is the same day everywhere.
  const pureDays = new Intl.DateTimeFormat(tag, { timeZone: 'UTC', dateStyle: 'long' });
  const months = new Intl.DateTimeFormat(tag, { timeZone: 'UTC', month: 'long', year: 'numeric' });
  const shortMonths = new Intl.DateTimeFormat(tag, { timeZone: 'UTC', month: 'short' });
  const date = (value: string) => (/^\d{4}-\d\d-\d\d$/.test(value) ? pureDays : days).format(new Date(value));
  return {
    number: (value) => numbers.format(value),
    kroner: (ore) => kroner.format(ore / 100),
    date,
    month: (value) => months.format(new Date(value)),
    shortMonth: (value) => shortMonths.format(new Date(value)),
    time: (value) => `${date(value)} ${at[locale]} ${clock.format(new Date(value))}`,
  };
}

const formats: Record<Locale, Format> = { nb: createFormat('nb'), nn: createFormat('nn'), en: createFormat('en') };

export function formatIn(locale: Locale): Format {
  return formats[locale];
}
