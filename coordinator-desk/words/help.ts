import { inLanguages } from './words.ts';

export const helpWords = inLanguages(
  { title: 'Hjelp', contents: 'Innhold', otherLanguage: '', table: 'Tabell' },
  { title: 'Hjelp', contents: 'Innhald', otherLanguage: 'Hjelpa finst på bokmål og engelsk.', table: 'Tabell' },
  { title: 'Help', contents: 'Contents', otherLanguage: '', table: 'Table' },
);
