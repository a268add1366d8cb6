const STYLE = `
:root { color-scheme: light dark; --ink: #1c1c1e; --soft: #55555c; --paper: #fff; --line: #d5d5da; --panel: #f4f4f6; --link: #0b4f9e; --mark: #b3005e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f0f0f2; --soft: #b4b4bc; --paper: #17171a; --line: #3d3d44; --panel: #222226; --link: #9cc8ff; --mark: #ff9fcb; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 1.0625rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
.narrow { max-width: 40rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1.0625rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: var(--link); text-underline-offset: .15em; }
small { color: var(--soft); font-size: .9375rem; }
code { font: .9em ui-monospace, monospace; }
pre { overflow: auto; max-width: 100%; padding: 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; font: .875rem/1.5 ui-monospace, monospace; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; margin: 1rem 0 0; padding: 0; }
nav a { display: inline-block; padding: .3rem 0; }
.persons { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
.persons > li { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1.25rem; padding: .55rem 0; border-bottom: 1px solid var(--line); }
.persons a, .persons strong { flex: 0 0 13rem; font-weight: 600; }
.persons button { min-height: 2.5rem; padding: .35rem 1rem; }
.persons .story { flex: 1 1 18rem; }
.persons code { flex: 0 0 8.5rem; color: var(--soft); }
fieldset { margin: 1.25rem 0; padding: 0; border: 0; }
legend { font-weight: 600; padding: 0; margin-bottom: .4rem; }
label { display: grid; grid-template-columns: 1.25rem 1fr; gap: 0 .75rem; padding: .6rem .75rem; border: 1px solid var(--line); border-top-width: 0; cursor: pointer; }
label:first-of-type { border-top-width: 1px; border-radius: .5rem .5rem 0 0; }
label:last-of-type { border-radius: 0 0 .5rem .5rem; }
label:has(:checked) { background: var(--panel); }
label input { width: 1.15rem; height: 1.15rem; margin: .25rem 0 0; accent-color: var(--link); }
label small { grid-column: 2; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0; max-width: none; }
button { min-height: 3rem; padding: .6rem 1.5rem; font: inherit; font-weight: 600; border-radius: .5rem; border: 2px solid var(--link); color: var(--paper); background: var(--link); cursor: pointer; }
button.quiet { color: var(--link); background: transparent; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 3px; border-radius: .25rem; }
`;

/**
 * A page of the local stack: plain, readable in light and dark, complete without script.
 *
 * @param page.title text; is the heading too
 * @param page.body HTML
 * @param page.narrow for a page with one thing to do
 */
export function htmlPage(page: { title: string; body: string; narrow?: boolean }): string {
  const title = escapeHtml(page.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main${page.narrow === true ? ' class="narrow"' : ''}>
<h1>${title}</h1>
${page.body}
</main>
</body>
</html>
`;
}

/** Headers of such a page. */
export const HTML_HEADERS = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text for use in HTML, between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** The opposite of `escapeHtml`. */
export function unescapeHtml(text: string): string {
  const characters = new Map(Object.entries(ENTITIES).map(([character, entity]) => [entity, character]));
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => characters.get(entity) ?? entity);
}
