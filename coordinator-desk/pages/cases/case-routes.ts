import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Decision } from '../../../db/api-types.gen.ts';
import { norwegianDay } from '../../../runtime/norwegian-day.ts';
import { type FoundCase, findCase, nextCase } from '../../api/cases.ts';
import { listColleagues } from '../../api/colleagues.ts';
import { type CallResult, call } from '../../api/connect.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { type Form, readForm } from '../../http/form.ts';
import { caseWords } from '../../words/cases.ts';
import { commonWords } from '../../words/common.ts';
import { refusalWords } from '../../words/refusals.ts';
import { resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { mergeCheck } from './merge-check.ts';
import { openCase, type Typed } from './open-case.ts';
import { changesSince } from './seen.ts';
import { settledCase } from './settled-case.ts';

/** What a coordinator chooses or writes on the page of a case. */
const typedFields = ['decision', 'note', 'text'] as const satisfies (keyof Typed)[];
type TypedField = (typeof typedFields)[number];

/** `/cases/{id}` and everything that can be done to one case. Each action is a form, answered with the page that shows what became of it. */
export function addCase(app: Hono<DeskEnv>): void {
  app.get('/cases/next', async (c) => {
    const me = await c.var.me;
    const found = await nextCase(c.var.api, me.userId);
    return c.redirect(found === undefined ? '/' : `/cases/${found.id}`, 303);
  });

  app.get('/cases/:id', async (c) => {
    const path = `/cases/${c.req.param('id')}`;
    const { page, found, show } = await openTheCase(c, path);
    const draft = await c.var.drafts.find(c, path, page.me.userId);
    const { version, decision, ...texts } = Object.fromEntries(draft?.fields ?? []);
    // What was chosen was chosen on what the case said then.
    const typed: Typed = { ...texts, ...(version === String(found.found.version) && { decision }) };
    const just = justDone(page, found, c.req.query('just'), draft);
    return show(typed, just === '' && draft !== undefined ? draftBox(page, draft) : just);
  });

  app.post('/cases/:id/decide', async (c) => decide(c, c.req.param('id'), await readForm(c)));
  addSmallActions(app);
}

/** Undoing, taking, putting off, commenting: one call each, and back to the case. */
function addSmallActions(app: Hono<DeskEnv>): void {
  const action = (
    name: string,
    act: (c: DeskContext, id: string, form: Form) => Promise<[CallResult<unknown>, string]>,
    stays: readonly TypedField[] = [],
  ) =>
    app.post(`/cases/:id/${name}`, async (c) => {
      const form = await readForm(c);
      const id = c.req.param('id') ?? '';
      const [outcome, just] = await act(c, id, form);
      if ('refused' in outcome) return refused(c, id, form, outcome.refused);
      return done(c, id, just, { form, stays });
    });

  action('undo', async (c, id, form) => {
    const note = form.text('note') ?? null;
    return [await call(c.var.api.rpc('undo_resolution', { conflict_id: id, note })), 'undone'];
  });
  action(
    'assign',
    async (c, id, form) => {
      const { userId } = await c.var.me;
      const to = form.text('to');
      const user = to === 'me' ? userId : to === 'nobody' ? null : (form.text('user') ?? null);
      const outcome = await call(c.var.api.rpc('assign_conflict', { conflict_id: id, user_id: user }));
      return [outcome, user === null ? 'free' : user === userId ? 'taken' : 'given'];
    },
    typedFields,
  );
  action(
    'postpone',
    async (c, id, form) => {
      const until = dayAfter(form.text('until'));
      const outcome = await call(c.var.api.rpc('postpone_conflict', { conflict_id: id, until, note: null }));
      return [outcome, until === null ? 'resumed' : 'postponed'];
    },
    typedFields,
  );
  action(
    'comment',
    async (c, id, form) => {
      const text = form.text('text') ?? '';
      return [await call(c.var.api.rpc('add_comment', { conflict_id: id, text })), 'commented'];
    },
    ['decision', 'note'],
  );
  addAnswersToProposals(action);
}

/** A proposal is approved, declined or withdrawn. A comment that is not sent yet stays. */
function addAnswersToProposals(
  action: (
    name: string,
    act: (c: DeskContext, id: string, form: Form) => Promise<[CallResult<unknown>, string]>,
    stays: readonly TypedField[],
  ) => unknown,
): void {
  const version = (form: Form) => Number(form.text('version') ?? Number.NaN);
  action(
    'approve',
    async (c, id, form) => {
      return [await call(c.var.api.rpc('approve', { conflict_id: id, expected_version: version(form) })), 'settled'];
    },
    [],
  );
  action(
    'decline',
    async (c, id, form) => {
      const note = form.text('note') ?? null;
      const outcome = await call(c.var.api.rpc('decline', { conflict_id: id, note, expected_version: version(form) }));
      return [outcome, 'declined'];
    },
    ['text'],
  );
  action(
    'withdraw',
    async (c, id, form) => {
      const expected = { conflict_id: id, expected_version: version(form) };
      return [await call(c.var.api.rpc('withdraw_proposal', expected)), 'withdrawn'];
    },
    ['text'],
  );
}

const days: Record<string, number> = { day: 1, week: 7, fortnight: 14, month: 30 };

/** That many days from today, as a date in Norway; null for anything else: no longer put off. */
function dayAfter(name: string | undefined): string | null {
  const ahead = days[name ?? ''];
  return ahead === undefined ? null : norwegianDay(ahead);
}

async function decide(c: DeskContext, id: string, form: Form): Promise<Response> {
  const decision = form.text('decision');
  if (decision === undefined) return showAgain(c, id, form, { undecided: true });
  if (decision === 'merge_into' && form.text('confirmed') !== 'yes') return askOnceMore(c, id, form);
  // A comment that was typed and not sent: on a settled case there is no place for it any more.
  const text = form.text('text');
  if (text !== undefined) {
    const commented = await call(c.var.api.rpc('add_comment', { conflict_id: id, text }));
    if ('refused' in commented) return refused(c, id, form, commented.refused);
    form.fields.delete('text');
  }
  const outcome = await carryOut(c, id, decision, form);
  if ('refused' in outcome) return refused(c, id, form, outcome.refused);
  const state = (outcome.done as { state?: string }).state;
  return done(c, id, state === 'proposed' ? 'proposed' : 'settled');
}

async function carryOut(c: DeskContext, id: string, decision: string, form: Form): Promise<CallResult<unknown>> {
  const { api } = c.var;
  const note = form.text('note') ?? null;
  if (decision === 'retry_sync') return call(api.rpc('retry_sync', { conflict_id: id }));
  const [, member] = /^link_login:(.+)$/.exec(decision) ?? [];
  if (member !== undefined) {
    const found = await findCase(api, id);
    if (found.state !== 'open') return { refused: 'not_open' };
    const observation_id = found.found.observation_id ?? '';
    // A form without a version has none that any case has.
    const expected_version = Number(form.text('version')) || 0;
    return call(api.rpc('link_login', { observation_id, member_id: member, note, expected_version }));
  }
  return call(
    api.rpc('resolve_conflict', {
      conflict_id: id,
      decision: decision as Decision,
      note,
      expected_version: Number(form.text('version') ?? Number.NaN),
    }),
  );
}

/** A form that did what it should. @param more what else stood in it, and stays */
async function done(
  c: DeskContext,
  id: string,
  just: string,
  { form, stays }: { form?: Form; stays: readonly TypedField[] } = { stays: [] },
): Promise<Response> {
  await keepTyped(c, id, form, stays);
  return c.redirect(`/cases/${id}?just=${just}`, 303);
}

/** For the next time that the case is shown. */
async function keepTyped(
  c: DeskContext,
  id: string,
  form: Form | undefined,
  stays: readonly TypedField[],
): Promise<void> {
  const typed = new URLSearchParams();
  for (const name of stays) {
    const text = form?.text(name);
    if (text !== undefined) typed.set(name, text);
  }
  if (typed.size === 0) return c.var.drafts.drop(c, `/cases/${id}`);
  typed.set('version', form?.text('version') ?? '');
  const { userId } = await c.var.me;
  await c.var.drafts.keep(c, `/cases/${id}`, userId, typed);
}

async function openTheCase(c: DeskContext, path: string) {
  const id = path.split('/')[2] ?? '';
  const [page, found, colleagues] = await Promise.all([
    openPage(c, path),
    findCase(c.var.api, id),
    listColleagues(c.var.api),
  ]);
  const show = (typed: Typed, box: Html, more: { undecided?: boolean; title?: string; status?: 409 | 422 } = {}) => {
    const view =
      found.state === 'open'
        ? openCase(page, found, { colleagues, typed, box, ...(more.undecided === true && { undecided: true }) })
        : settledCase(page, found.found, { colleagues, note: typed.note, box });
    return page.show({ title: more.title ?? view.title, content: view.content, status: more.status ?? 200 });
  };
  return { page, found, show };
}

/** Says what has just been done, if the case shows that it was: an address alone claims nothing. */
function justDone(
  page: Page,
  { state, found }: FoundCase,
  just: string | undefined,
  draft: { cut: boolean } | undefined,
): Html {
  const words = caseWords[page.locale].result;
  const holds: Partial<Record<string, boolean>> = {
    settled: state === 'settled',
    proposed: state === 'open' && found.state === 'proposed',
    undone: state === 'open',
    taken: state === 'open' && found.assigned_to === page.me.userId,
    given: state === 'open' && found.assigned_to !== null,
    free: state === 'open' && found.assigned_to === null,
    postponed: state === 'open' && found.postponed_until !== null,
    resumed: state === 'open' && found.postponed_until === null,
    declined: state === 'open' && found.state === 'open',
    withdrawn: state === 'open' && found.state === 'open',
    commented: state === 'open' && (found.comments ?? 0) > 0,
  };
  if (just === undefined || !Object.hasOwn(words, just) || holds[just] !== true) return '';
  const leaves = just === 'postponed' || just === 'given';
  const next = html`<p><a class="ds-link" href="/cases/next">${caseWords[page.locale].next}</a></p>`;
  const content = html`${draft === undefined ? '' : stillThere(page, draft)}${leaves ? next : ''}`;
  return resultBox('success', words[just as keyof typeof words], content);
}

function draftBox(page: Page, draft: { cut: boolean }): Html {
  return resultBox('info', caseWords[page.locale].draft, stillThere(page, draft));
}

function stillThere(page: Page, { cut }: { cut: boolean }): Html {
  const { draftKept, draftCut } = commonWords[page.locale];
  return html`<p>${draftKept}${cut ? html` ${draftCut}` : ''}</p>`;
}

/** The form again, with everything that was typed. */
async function showAgain(
  c: DeskContext,
  id: string,
  form: Form,
  { undecided }: { undecided: true },
): Promise<Response> {
  const { show } = await openTheCase(c, `/cases/${id}`);
  return show({ note: form.text('note'), text: form.text('text') }, '', { undecided, status: 422 });
}

async function askOnceMore(c: DeskContext, id: string, form: Form): Promise<Response> {
  const [page, found] = await Promise.all([openPage(c, `/cases/${id}`), findCase(c.var.api, id)]);
  if (found.state !== 'open') return refused(c, id, form, 'not_open');
  await keepTyped(c, id, form, typedFields);
  return page.show(mergeCheck(page, found, form));
}

/** Nothing was done: why, and the case as it is now, with everything that was typed. */
async function refused(c: DeskContext, id: string, form: Form, code: keyof typeof refusalWords.nb): Promise<Response> {
  const { page, found, show } = await openTheCase(c, `/cases/${id}`);
  const { locale } = page;
  const words = caseWords[locale];
  const note = form.text('note');
  const typed: Typed = { decision: form.text('decision'), note, text: form.text('text') };
  if (found.state === 'settled' && (code === 'not_open' || code === 'stale_version')) {
    const kept = note === undefined ? '' : html`<p>${words.yourNote}</p><p class="desk-typed">${note}</p>`;
    const box = resultBox('warning', words.elseSettled, html`<p>${words.elseSettledText}</p>${kept}`);
    return show({}, box, { title: words.elseSettled, status: 409 });
  }
  if (code === 'stale_version' && found.state === 'open') {
    const changes = changesSince(page, form, found.found).map((sentence) => html`<li>${sentence}</li>`);
    const box = resultBox('warning', words.stale, html`<p>${words.staleText}</p><ul>${changes}</ul>`);
    return show({ ...typed, decision: undefined }, box, { title: words.stale, status: 409 });
  }
  const outdated = code === 'evidence_changed' && found.state === 'open' && found.found.state === 'proposed';
  const why = outdated ? words.approval.changed : refusalWords[locale][code];
  const box = resultBox('danger', words.refused, html`<p>${why}</p>`);
  return show(typed, box, { title: words.refused, status: code === 'not_found' ? 409 : 422 });
}
