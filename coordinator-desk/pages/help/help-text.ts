import { readFile } from 'node:fs/promises';
import MarkdownIt from 'markdown-it';
import type { Locale } from '../../../runtime/language.ts';
import { helpWords } from '../../words/help.ts';

/** A page of `docs/` as HTML. */
export interface HelpText {
  /** What it is written in. */
  language: 'nb' | 'en';
  /** Its parts, for a list of contents. */
  parts: { id: string; title: string }[];
  html: string;
}

const pages = { nb: 'for-koordinatorer.md', en: 'for-coordinators.md' } as const;
/** The part for who builds an app of their own is no help to a coordinator. */
const notForCoordinators = /^## For the app$[\s\S]*/m;

/** Readers of nynorsk get bokmål. */
export async function readHelp(locale: Locale): Promise<HelpText> {
  const language = locale === 'en' ? 'en' : 'nb';
  const text = await readFile(new URL(`../../../docs/${pages[language]}`, import.meta.url), 'utf8');
  return { language, ...render(text.replace(notForCoordinators, ''), locale) };
}

/** Whatever HTML stands in the text is shown as text; links lead nowhere outside, since they name other files of the project. */
function render(text: string, locale: Locale): { html: string; parts: HelpText['parts'] } {
  const markdown = new MarkdownIt({ html: false, linkify: false });
  markdown.disable(['link', 'image', 'autolink']);
  const tokens = markdown.parse(text, {});
  const parts: HelpText['parts'] = [];
  let tables = 0;
  let cell = 0;
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      token.attrSet('class', 'ds-heading');
      token.attrSet('data-size', token.tag === 'h1' ? 'lg' : 'sm');
      if (token.tag === 'h2') {
        const title = tokens[at + 1]?.content ?? '';
        const id = `part-${parts.length + 1}`;
        token.attrSet('id', id);
        parts.push({ id, title });
      }
    } else if (token.type === 'table_open') {
      tables += 1;
      token.attrSet('class', 'ds-table');
      token.attrSet('data-border', '');
      token.meta = { name: `${helpWords[locale].table} ${tables}` };
    } else if (token.type === 'th_open') token.attrSet('scope', 'col');
    else if (token.type === 'tr_open') cell = 0;
    else if (token.type === 'td_open' || token.type === 'td_close') {
      // What a row is about stands in its first cell.
      if (cell === 0) token.tag = 'th';
      if (cell === 0 && token.type === 'td_open') token.attrSet('scope', 'row');
      if (token.type === 'td_close') cell += 1;
    }
  }
  const { rules } = markdown.renderer;
  rules.table_open = (all, at, options, _, self) =>
    `<div class="desk-scroll" role="region" aria-label="${all[at]?.meta?.name}" tabindex="0">${self.renderToken(all, at, options)}`;
  rules.table_close = () => '</table></div>';
  // Diagrams are drawn where the file is read on the web; here their sentences stand without them.
  rules.fence = () => '';
  return { html: markdown.renderer.render(tokens, markdown.options, {}), parts };
}
