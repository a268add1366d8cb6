import { inLanguages } from './words.ts';

/** Taking out everything that is stored about a person, who has asked for it. */
export const exportWords = inLanguages(
  {
    title: 'Innsyn',
    hint: 'Personen kan be om å få alt som er lagret. Filen er til personen. Se gjennom den først: notater kan nevne andre. Det blir logget at du lager den.',
    button: 'Lag filen med alt om personen',
    fileName: (number: string) => `innsyn-${number}.json`,
    refused: 'Filen ble ikke laget',
  },
  {
    title: 'Innsyn',
    hint: 'Personen kan be om å få alt som er lagra. Fila er til personen. Sjå gjennom henne først: notat kan nemne andre. Det blir logga at du lagar henne.',
    button: 'Lag fila med alt om personen',
    fileName: (number) => `innsyn-${number}.json`,
    refused: 'Fila vart ikkje laga',
  },
  {
    title: 'Access to the data',
    hint: 'The person may ask for everything that is stored. The file is for the person. Look through it first: notes may speak of others. That you make it is logged.',
    button: 'Make the file with everything about the person',
    fileName: (number) => `export-${number}.json`,
    refused: 'The file was not made',
  },
);
