import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { titleOf } from './browser.ts';

interface Node {
  nodeId: string;
  parentId?: string;
  ignored: boolean;
  role?: { value: string };
  name?: { value: string };
  description?: { value: string };
  properties?: { name: string; value: { value: unknown } }[];
  childIds?: string[];
}

const SILENT = new Set([
  'generic',
  'none',
  'InlineTextBox',
  'LineBreak',
  'RootWebArea',
  'paragraph',
  'ListMarker',
  'LabelText',
  'Legend',
  'caption',
  'rowgroup',
  'strong',
]);
const LEAVES = new Set(['StaticText']);
const NAMED_BY_CONTENT = new Set(['link', 'button', 'heading', 'option', 'cell', 'rowheader', 'columnheader']);

/**
 * A page as Chromium hands it to a screen reader, in the reading order: a line for each thing that is announced, its role before its name, its
 * state and description behind it. What a link, a button or a heading is called is said once.
 */
export async function transcriptOf(page: Page): Promise<string> {
  const title = await titleOf(page);
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: Node[] };
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const lines: string[] = [`title: ${title}`];
  const speak = (node: Node, withText: boolean): void => {
    const role = node.role?.value ?? '';
    const name = node.name?.value ?? '';
    const isText = LEAVES.has(role);
    const told = !node.ignored && !SILENT.has(role) && (isText ? withText && name.trim() !== '' : true);
    if (told) lines.push(isText ? name.trim() : lineOf(role, name, node));
    const deeper = withText && !(told && NAMED_BY_CONTENT.has(role)) && !(told && role === 'combobox');
    for (const id of node.childIds ?? []) {
      const child = byId.get(id);
      if (child !== undefined) speak(child, deeper);
    }
  };
  const root = nodes.find(({ parentId }) => parentId === undefined);
  if (root !== undefined) speak(root, true);
  return `${lines.join('\n')}\n`;
}

function lineOf(role: string, name: string, { properties = [], description }: Node): string {
  const states = properties
    .filter(
      ({ name: each, value }) =>
        (['checked', 'required', 'focused', 'invalid'].includes(each) || (role === 'heading' && each === 'level')) &&
        value.value !== false &&
        value.value !== 'false',
    )
    .map(({ name: each, value }) => (value.value === true || value.value === 'true' ? each : `${each} ${value.value}`));
  const text = [`[${role}]`, name.trim(), ...states.map((state) => `(${state})`)]
    .filter((part) => part !== '')
    .join(' ');
  return description?.value ? `${text} - ${description.value}` : text;
}

const FOLDER = join(import.meta.dirname, '..', 'transcripts');

/** What stood in the file, and what is heard now. `UPDATE_TRANSCRIPTS=1` writes it anew: the change is then read in the commit. */
export function keptTranscript(name: string, now: string): { kept: string; now: string } {
  // What differs from one run to the next.
  const steady = now
    .replaceAll(/\b[0-9]{1,2}\. [a-zæøå]+ [0-9]{4}( kl\. [0-9]{2}:[0-9]{2})?/g, '<date>')
    .replaceAll(
      /\b(januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember) [0-9]{4}\b/gi,
      '<month>',
    )
    .replaceAll(/^(jan|feb|mars|apr|mai|juni|juli|aug|sep|okt|nov|des)\.?$/gm, '<month>')
    .replaceAll(/\bm-[0-9a-f]{8}\b/g, '<member>')
    .replaceAll(/\borg-[0-9a-f]{8}\b/g, '<organisation>')
    .replaceAll(/\b[0-9a-f]{8}\b(?=$|[).,])/gm, '<user>')
    .replaceAll(/Pålogget som .*/g, 'Pålogget som <name>');
  if (process.env.UPDATE_TRANSCRIPTS) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(join(FOLDER, `${name}.txt`), steady);
  }
  return { kept: readTranscript(name), now: steady };
}

export function readTranscript(name: string): string {
  return readFileSync(join(FOLDER, `${name}.txt`), 'utf8');
}
