import { unescapeHtml } from './html.ts';

/** The form of a page, as far as a person without a pointer can see it. */
export type PageForm = {
  action: URL;
  /** Fields and what they hold before anybody touches them; of several buttons, the first. */
  fields: Record<string, string>;
};

/** Finds the first form of a page. @returns undefined where there is none */
export function readPageForm(html: string, pageUrl: string): PageForm | undefined {
  const [, opening = '', content = ''] = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(html) ?? [];
  if (content === '') return undefined;
  const fields: Record<string, string> = {};
  for (const [, tag = '', attributes = ''] of content.matchAll(/<(input|button)\b([^>]*)>/g)) {
    const { name, value = '', type } = readAttributes(attributes);
    if (name === undefined) continue;
    const isChoice = tag === 'button' || type === 'radio';
    if (!(isChoice && name in fields)) fields[name] = value;
  }
  return { action: new URL(readAttributes(opening).action ?? '', pageUrl), fields };
}

function readAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z-]+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescapeHtml(value)]));
}
