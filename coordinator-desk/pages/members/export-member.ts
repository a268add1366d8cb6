import type { Hono } from 'hono';
import { html } from 'hono/html';
import { exportMember, type Member } from '../../api/members.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { exportWords } from '../../words/export.ts';
import { refusalWords } from '../../words/refusals.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';

/** `POST /members/{id}/export`: a file with everything stored about the person. */
export function addMemberExport(app: Hono<DeskEnv>): void {
  app.post('/members/:id/export', async (c) => {
    const id = c.req.param('id');
    const [page, outcome] = await Promise.all([openPage(c, `/members/${id}`), exportMember(c.var.api, id)]);
    const words = exportWords[page.locale];
    if ('refused' in outcome) {
      const content = html`${resultBox('warning', words.refused, html`<p>${refusalWords[page.locale][outcome.refused]}</p>`)}
<h1 class="ds-heading" data-size="lg">${words.title}</h1>`;
      return page.show({ title: words.refused, content, status: 422 });
    }
    // A member number may have any characters, and a file's name may not.
    const number = (outcome.done.member_external_id ?? id).replaceAll(/[^A-Za-z0-9-]/g, '_');
    c.header('content-type', 'application/json; charset=utf-8');
    c.header('content-disposition', `attachment; filename="${words.fileName(number)}"`);
    return c.body(`${JSON.stringify(outcome.done, null, 2)}\n`);
  });
}

/** The part of the member's page from which the file is made. */
export function exportPart(page: Page, member: Member): Html {
  const words = exportWords[page.locale];
  return html`<form class="desk-form" method="post" action="/members/${member.id}/export">
${formOwner(page)}
<h2 class="ds-heading" data-size="sm">${words.title}</h2>
<p id="export-hint">${words.hint}</p>
<button class="ds-button" data-variant="secondary" type="submit" aria-describedby="export-hint">${words.button}</button>
</form>`;
}
