import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A page of `docs/`. */
export function readPage(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, '..', '..', 'docs', name), 'utf8');
}

/** The fenced blocks of one language, without their fences. */
export function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text ?? '');
}

/** The rows of every table under a heading (until the next of the same or a higher level), cell by cell, without heads. */
export function tableRows(page: string, heading: string): string[][] {
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const from = page.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`no heading ${heading}`);
  const rest = page.slice(from + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  const lines = (end < 0 ? rest : rest.slice(0, end)).split('\n');
  const isRule = (line: string | undefined) => /^\| *:?-+/.test(line ?? '');
  return lines
    .filter((line, at) => line.startsWith('|') && !isRule(line) && !isRule(lines[at + 1]))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The names in `code` of a cell or a page, in order; fenced blocks do not count. */
export function names(text: string | undefined): string[] {
  const prose = (text ?? '').replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
}
