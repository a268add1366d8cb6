import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import GithubSlugger from 'github-slugger';
import MarkdownIt from 'markdown-it';

/**
 * Part of `npm run check`: every link of a document to a file, a folder or a heading of this repository leads somewhere, and every document is
 * reached by a link from the README. Links to the internet are not followed.
 */

const ROOT = join(import.meta.dirname, '..');
const documents = globSync('{*.md,db/*.md,docs/*.md,test/**/*.md}', { cwd: ROOT }).sort();
const markdown = new MarkdownIt();

type Document = { links: string[]; headings: Set<string> };

function read(file: string): Document {
  const slugger = new GithubSlugger();
  const links: string[] = [];
  const headings = new Set<string>();
  const tokens = markdown.parse(readFileSync(join(ROOT, file), 'utf8'), {});
  for (const [at, token] of tokens.entries()) {
    const children = token.children ?? [];
    if (tokens[at - 1]?.type === 'heading_open')
      headings.add(slugger.slug(children.map(({ content }) => content).join('')));
    for (const child of children) {
      const target = child.attrGet(child.type === 'image' ? 'src' : 'href');
      if (target !== null) links.push(decodeURI(target));
    }
  }
  return { links, headings };
}

const known = new Map(documents.map((file) => [file, read(file)]));
const faults: string[] = [];
const reached = new Set(['README.md']);
// A Set goes on to what is added while it is walked through.
for (const file of reached) {
  for (const { path } of linksOf(file)) if (known.has(path)) reached.add(path);
}
for (const file of documents) {
  if (!reached.has(file)) faults.push(`${file}: no link leads here from README.md`);
  for (const { link, path, heading } of linksOf(file)) {
    if (!existsSync(join(ROOT, path))) faults.push(`${file}: ${link} is not there`);
    else if (heading !== undefined && known.get(path)?.headings.has(heading) === false)
      faults.push(`${file}: ${link}: no such heading`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

function linksOf(file: string): { link: string; path: string; heading: string | undefined }[] {
  return (known.get(file)?.links ?? []).flatMap((link) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [target = '', heading] = link.split('#');
    const path = target === '' ? file : normalize(join(dirname(file), target));
    const isFolder = existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isDirectory();
    return [{ link, path: isFolder ? path.replace(/\/$/, '') : path, heading }];
  });
}
