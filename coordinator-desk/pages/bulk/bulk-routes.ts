import type { Hono } from 'hono';
import { stream } from 'hono/streaming';
import type { Decision } from '../../../db/api-types.gen.ts';
import { findCase, listAlike, type OpenCase } from '../../api/cases.ts';
import { type Api, call } from '../../api/connect.ts';
import { NotFoundError } from '../../api/errors.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { type Form, readForm } from '../../http/form.ts';
import { listWords } from '../../words/lists.ts';
import { layout } from '../layout.ts';
import { openPage } from '../page.ts';
import { type Answer, bulkCheck, bulkChoice, bulkProgress, bulkResult, type Chosen } from './bulk-pages.ts';

/** As many as `api.resolve_conflicts` takes. */
const most = 200;
/** Decided in one call; after each the progress is told. */
const atOnce = 20;

/** `/cases/{id}/like`: cases of one kind and class with this one, chosen, looked over, and settled together. */
export function addBulk(app: Hono<DeskEnv>): void {
  app.get('/cases/:id/like', async (c) => {
    const id = c.req.param('id');
    const path = `/cases/${id}/like`;
    const [page, alike] = await Promise.all([openPage(c, path), casesLike(c.var.api, id)]);
    const draft = await c.var.drafts.find(c, path, page.me.userId);
    const all = c.req.query('all') === 'yes';
    const chosen = all
      ? alike.cases.map((each) => each.id)
      : (draft?.fields.getAll('case') ?? []).map((each) => each.split(':')[0] ?? '');
    const typed = {
      cases: chosen,
      decision: draft?.fields.get('decision') ?? undefined,
      note: draft?.fields.get('note') ?? undefined,
    };
    return page.show(bulkChoice(page, id, alike, typed, []));
  });

  app.post('/cases/:id/like', async (c) => {
    const id = c.req.param('id');
    const form = await readForm(c);
    const [page, alike] = await Promise.all([openPage(c, `/cases/${id}/like`), casesLike(c.var.api, id)]);
    const words = listWords[page.locale].bulk;
    const chosen = chosenOf(form);
    const faults = [
      ...(chosen.cases.length === 0 ? [{ href: '#case-0', text: words.missingCases }] : []),
      ...(chosen.decision === undefined ? [{ href: '#decision-0', text: words.missingDecision }] : []),
    ];
    const typed = { ...chosen, cases: chosen.cases.map((each) => each.id) };
    if (faults.length > 0) return page.show({ ...bulkChoice(page, id, alike, typed, faults), status: 422 });
    if (form.text('back') === 'yes') return page.show(bulkChoice(page, id, alike, typed, []));
    return page.show(bulkCheck(page, id, alike.cases, chosen));
  });

  app.post('/cases/:id/like/settle', async (c) => settleChosen(c, c.req.param('id'), chosenOf(await readForm(c))));
}

async function casesLike(api: Api, id: string): Promise<{ sample: OpenCase; cases: OpenCase[]; more: boolean }> {
  const sample = await findCase(api, id);
  if (sample.state !== 'open') throw new NotFoundError();
  return { sample: sample.found, ...(await listAlike(api, sample.found, most)) };
}

/** `case` fields hold an id and the version that was seen. */
function chosenOf(form: Form): Chosen {
  const cases = form.all('case').flatMap((value) => {
    const [id = '', version = ''] = value.split(':');
    return /^[0-9a-f-]{36}$/.test(id) && /^[0-9]{1,9}$/.test(version) ? [{ id, version: Number(version) }] : [];
  });
  return { cases: cases.slice(0, most), decision: form.text('decision'), note: form.text('note') };
}

/**
 * The page is sent while the work is done: what stands there already tells how far it is. Whoever leaves it stops nothing.
 */
async function settleChosen(c: DeskContext, id: string, { cases, decision, note }: Chosen): Promise<Response> {
  const path = `/cases/${id}/like`;
  const page = await openPage(c, path);
  const { locale, me } = page;
  const words = listWords[locale].bulk;
  const mark = '<!-- progress -->';
  const title = words.title;
  const whole = String(
    await layout({ locale, title, content: bulkProgress(page, cases.length, mark), path, assets: c.var.assets, me }),
  );
  const [before = '', after = ''] = whole.split(mark);
  c.var.drafts.drop(c, path);
  c.header('content-type', 'text/html; charset=UTF-8');
  const { api, log } = c.var;
  return stream(c, async (page_) => {
    await page_.write(before);
    const answers: Answer[] = [];
    try {
      for (let from = 0; from < cases.length; from += atOnce) {
        const part = cases.slice(from, from + atOnce);
        answers.push(...(await settlePart(api, part, decision ?? '', note)));
        const told = words.progress(page.format.number(answers.length), page.format.number(cases.length));
        await page_.write(`<li>${told}</li>\n`);
      }
    } catch (error) {
      log.warn({ event: 'many_cases_interrupted', err: error }, 'deciding many cases broke off');
    }
    await page_.write(String(await bulkResult(page, cases.length, answers)) + after);
  });
}

async function settlePart(
  api: Api,
  part: { id: string; version: number }[],
  decision: string,
  note: string | undefined,
): Promise<Answer[]> {
  const outcome = await call(
    api.rpc('resolve_conflicts', {
      conflict_ids: part.map((each) => each.id),
      decision: decision as Decision,
      note: note ?? null,
      expected_versions: part.map((each) => each.version),
    }),
  );
  if ('refused' in outcome) return part.map(({ id }) => ({ id, refused: outcome.refused }));
  return outcome.done.map((answer) =>
    'code' in answer
      ? { id: answer.conflict_id, refused: answer.code }
      : { id: answer.conflict_id, state: answer.state === 'proposed' ? 'proposed' : 'resolved' },
  );
}
