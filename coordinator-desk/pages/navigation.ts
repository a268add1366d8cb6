import type { Locale } from '../../runtime/language.ts';
import type { CaseCount, Me } from '../api/me.ts';
import { commonWords } from '../words/common.ts';
import { deliveryWords } from '../words/deliveries.ts';
import { grantWords } from '../words/grants.ts';
import { helpWords } from '../words/help.ts';
import { invoiceWords } from '../words/invoices.ts';
import { loginWords } from '../words/logins.ts';
import { memberWords } from '../words/members.ts';
import { qualityWords } from '../words/quality.ts';

export interface NavigationItem {
  href: string;
  label: (locale: Locale) => string;
  /** How much waits there; 0 is not told. */
  count?: (me: Me) => number;
}

const sum = (me: Me, of: (count: CaseCount) => number) => me.counts.reduce((total, each) => total + of(each), 0);

/** In this order on every page. */
export const navigation: NavigationItem[] = [
  { href: '/', label: (locale) => commonWords[locale].page.today },
  { href: '/cases', label: (locale) => commonWords[locale].page.cases, count: (me) => sum(me, ({ open }) => open) },
  {
    href: '/approvals',
    label: (locale) => commonWords[locale].page.approvals,
    count: (me) => sum(me, ({ proposed }) => proposed),
  },
  { href: '/settled', label: (locale) => commonWords[locale].page.settled },
  { href: '/members', label: (locale) => memberWords[locale].title },
  { href: '/logins', label: (locale) => loginWords[locale].title },
  { href: '/deliveries', label: (locale) => deliveryWords[locale].title },
  { href: '/systems', label: (locale) => deliveryWords[locale].system },
  { href: '/quality', label: (locale) => qualityWords[locale].title },
  { href: '/grants', label: (locale) => grantWords[locale].title },
  { href: '/invoices', label: (locale) => invoiceWords[locale].title },
  { href: '/help', label: (locale) => helpWords[locale].title },
];
