import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { openPage, violations } from '../../support/chromium.ts';
import { inCase } from '../../support/in-case.ts';
import { focusedText, signInBrowser, titleOf } from '../support/browser.ts';
import { type MadeKind, madeKinds, makeCase } from '../support/cases.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';
import { keptTranscript, readTranscript, transcriptOf } from '../support/transcript.ts';

// Each page as it is seen, heard and reached: axe-core in three languages and two colour schemes, narrow screens and large text, what a screen
// reader reads, and how many keys it takes.

let desk: OpenDesk;
const ids = {} as Record<MadeKind, string>;
beforeAll(async () => {
  desk = await openDesk();
  for (const kind of madeKinds) ids[kind] = await makeCase(kind, desk);
});
afterAll(() => desk?.[Symbol.asyncDispose]());

const lists = ['/', '/cases', '/settled', '/approvals'];
const pages = () => [...lists, ...madeKinds.map((kind) => `/cases/${ids[kind]}`), `/cases/${ids.mismatch}/like`];
const pageName = (path: string) => {
  const kind = madeKinds.find((each) => path.includes(ids[each]));
  return kind === undefined
    ? path.slice(1) || 'today'
    : path.replace(`/cases/${ids[kind]}`, `case-${kind}`).replace('/', '-');
};

const COLOURS = ['color-contrast', 'link-in-text-block'];
const tooWide = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

/** Buttons and fields that are hard to hit, being smaller than 24 pixels. */
const smallTargets = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('main button, main input:not([type=hidden]), main select')]
    .map((each) => [each.outerHTML, each.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 24 || height < 24).map(([html]) => html)`);

/** All that is wanted to be known of a page in Bokmål, which is loaded once: no script of ours runs there, and size and colours are style alone. */
async function lookAt(page: Page) {
  const heard = await transcriptOf(page);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await violations(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await violations(page, COLOURS);
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const narrow = await tooWide(page);
  await page.evaluate(`document.documentElement.style.fontSize = '200%'`);
  const large = await tooWide(page);
  const small = await smallTargets(page);
  await page.evaluate(`document.documentElement.style.fontSize = ''`);
  await page.setViewportSize(before ?? { width: 1280, height: 720 });
  return { heard, light, dark, narrow, large, small };
}
const seen = new Map<string, Awaited<ReturnType<typeof lookAt>>>();

const languages = [
  ['nb-NO', 'Dagens arbeid'],
  ['nn-NO', 'Arbeidet i dag'],
  ['en-GB', 'Today’s work'],
] as const;

/** Every page in every language, in turn: those that anybody sees, those of a coordinator, and what is there after an answer. */
async function walk(
  locale: string,
  heading: string,
  look: (page: Page, name: string, nth: number) => Promise<unknown>,
): Promise<void> {
  await using browser = await openPage({ locale });
  const { page } = browser;
  let nth = 0;
  const lookHere = async (name: string) => {
    await inCase(`${name}, ${locale}`, async () => {
      await look(page, name, nth);
    });
    nth += 1;
  };
  for (const path of ['/sign-in', '/signed-out', '/nowhere']) {
    await page.goto(`${desk.url}${path}`);
    await lookHere(path);
  }
  await signInBrowser(page, desk);
  assert.equal(await page.locator('h1').textContent(), heading);
  for (const path of pages()) {
    await page.goto(`${desk.url}${path}`);
    await lookHere(pageName(path));
    assert.equal(await page.locator('html').getAttribute('lang'), locale.slice(0, 2));
  }
  await page.goto(`${desk.url}/cases/${ids.duplicate}`);
  await page.locator('form[action$="/decide"] button:not([formaction])').click();
  await lookHere('nothing chosen');
  await page.locator('input[value=merge_into]').check();
  await page.locator('form[action$="/decide"] button:not([formaction])').click();
  await lookHere('merge check');
  const faults = browser.complaints.filter((each) => !/status of (404|422)/.test(each));
  assert.deepEqual(faults, [], 'the policy lets our own style, font and icons through, and nothing else was asked for');
}

beforeAll(async () => {
  const [locale, heading] = languages[0];
  await walk(locale, heading, async (page, name) => seen.set(name, await lookAt(page)));
});

/** The pages whose transcripts are kept. */
const kept = () => pages().map((path) => [pageName(path), seen.get(pageName(path))] as const);

test('no page has an accessibility fault: Bokmål, light and dark', () => {
  assert.equal(seen.size, pages().length + 5);
  for (const [name, { light, dark }] of seen) {
    assert.deepEqual(light, [], name);
    assert.deepEqual(dark, [], `${name}, dark`);
  }
});

// Each page once in each language; the colours in turn, so that each language and each page has both.
for (const [at, [locale, heading]] of languages.slice(1).entries()) {
  test(`no page has an accessibility fault: ${locale}`, () =>
    walk(locale, heading, async (page, _, nth) => {
      await page.emulateMedia({ colorScheme: nth % 2 === at ? 'light' : 'dark' });
      assert.deepEqual(await violations(page), []);
    }));
}

test('on a screen of 320 pixels, and with text twice as large, nothing has to be scrolled sideways but tables by themselves', () => {
  for (const [name, { narrow, large, small }] of seen) {
    assert.ok(narrow <= 0, name);
    assert.ok(large <= 0, `${name}: text at 200 %`);
    assert.deepEqual(small, [], `${name}: targets of 24 pixels at least`);
  }
});

test('what a screen reader reads is what the files of test/coordinator-desk/transcripts say, and each difference is a word', async () => {
  for (const [name, looked] of kept()) {
    const heard = looked?.heard ?? '';
    const { kept, now } = keptTranscript(name, heard);
    await inCase(name, async () => {
      assert.equal(now, kept);
      const levels = [...heard.matchAll(/^\[heading\].*\(level (\d)\)/gm)].map(([, level]) => Number(level));
      assert.equal(levels.filter((level) => level === 1).length, 1);
      assert.ok(
        levels.every((level, at) => at === 0 || level <= (levels[at - 1] ?? 0) + 1),
        `headings ${levels}`,
      );
    });
  }
  // The numbers differ though their birth dates might not, and what is missing says where.
  const heard = (name: string) => readTranscript(name);
  assert.match(heard('case-mismatch'), /\[rowheader\] Fødselsnummer\n\[cell\] .*\n\[cell\] .*\n\[cell\] ulik/);
  assert.match(heard('case-name_mismatch'), /\[rowheader\] Etternavn\n\[cell\] .*\n\[cell\] Hansen\n\[cell\] ulik/);
  assert.match(
    heard('case-duplicate'),
    /\[rowheader\] Fødselsnummer\n\[cell\] mangler\n\[cell\] .*\n\[cell\] mangler i registeret/,
  );
});

/** Presses one key until what has the focus matches. @returns how often */
async function pressUntil(page: Page, key: string, matches: RegExp, most = 200): Promise<number> {
  for (let count = 1; count <= most; count += 1) {
    await page.keyboard.press(key);
    if (matches.test(await focusedName(page))) return count;
  }
  throw new Error(`${key} did not get to ${matches}`);
}
const focusedName = (page: Page) =>
  page.evaluate<string>(`(() => {
    const element = document.activeElement;
    return element.labels?.[0]?.textContent ?? (element === document.body ? '' : element.textContent.trim());
  })()`);

test('by keyboard alone, from the list to the settled case; a screen reader takes at most 1.2 times as many keys', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  await signInBrowser(page, desk);
  const counted: { kind: string; sighted: number; reader: number }[] = [];
  for (const kind of madeKinds) {
    await inCase(kind, async () => {
      await page.goto(`${desk.url}/cases?kind=${kind}`);
      // Sighted: the skip link, then Tab to the case; on its page the skip link again, Tab to the answers, arrows to the last one, the button.
      let sighted = await pressUntil(page, 'Tab', /Hopp til innholdet/);
      await page.keyboard.press('Enter');
      sighted += 1;
      do {
        await page.keyboard.press('Tab');
        sighted += 1;
      } while (!(await page.evaluate<boolean>(`document.activeElement.pathname === '/cases/${ids[kind]}'`)));
      sighted += 1;
      await page.keyboard.press('Enter');
      await page.locator('input[name=decision]').first().waitFor();
      const heard = await transcriptOf(page);
      let here = await pressUntil(page, 'Tab', /Hopp til innholdet/);
      await page.keyboard.press('Enter');
      const radio = page.locator('input[name=decision][value=keep_existing]');
      const label = (await page.locator(`label[for="${await radio.getAttribute('id')}"]`).textContent()) ?? '';
      here += 1;
      do {
        await page.keyboard.press('Tab');
        here += 1;
      } while (!(await page.evaluate<boolean>(`document.activeElement.name === 'decision'`)));
      await page.keyboard.press('Space');
      here += 1;
      while ((await focusedName(page)) !== label) {
        await page.keyboard.press('ArrowDown');
        here += 1;
      }
      here += (await pressUntil(page, 'Tab', /Avgjør saken/)) + 1;
      await page.keyboard.press('Enter');
      await page.locator('#result').waitFor();
      assert.match(await focusedText(page), /Saken er avgjort/, 'the focus is where the answer is');
      assert.match(await titleOf(page), /^Avgjort: /);
      // Screen reader: by heading to the question, by table to each comparison, whose caption says every difference in one sentence, by form field to the answers, arrows to the last one, by button on.
      const headings = 1;
      const tables = [...heard.matchAll(/^\[table\]/gm)].length;
      const rows = [...heard.matchAll(/^\[row\]/gm)].length === 0 ? 0 : tables;
      const choices = [...heard.matchAll(/^\[radio\]/gm)].length;
      const list = 2;
      const reader = list + 1 + headings + rows + 1 + 1 + (choices - 1) + 1 + 1;
      counted.push({ kind, sighted: sighted + here, reader });
      await page
        .locator('form[action$="/undo"] button')
        .click()
        .catch(() => undefined);
    });
  }
  console.table(counted);
  for (const { kind, sighted, reader } of counted)
    assert.ok(reader <= 1.2 * sighted, `${kind}: ${reader} of ${sighted}`);
});
