import type { Locale } from '../../../runtime/language.ts';
import type { FoundCase, OpenCase } from '../../api/cases.ts';
import { type CaseNames, decisionWords } from '../../words/decisions.ts';
import { nameOf, namesOf } from './names.ts';

/** One answer to the question of a case. */
export interface Choice {
  /** Of the field `decision`; for a candidate `link_login:<member>`. */
  value: string;
  label: string;
  /** What it does, said before it is chosen. */
  effect: string;
  /** Another coordinator has to approve it. */
  needsApproval: boolean;
  /** Hard to take back: asked once more on a page of its own. */
  needsCheck: boolean;
}

/** The answers that a case takes, in the order in which they are offered: as `api` says, and those that are calls of their own. */
export function choicesOf(locale: Locale, { found, candidates }: Extract<FoundCase, { state: 'open' }>): Choice[] {
  const names = namesOf(locale, found, candidates);
  const offered = (found.decisions ?? []).flatMap((decision) => {
    const words = wordsOf(locale, decision, found);
    return words === undefined ? [] : [choice(decision, words, names, found)];
  });
  const { link, retry } = decisionWords[locale];
  if (found.kind === 'ambiguous' && candidates.length > 1) {
    const each = candidates.map((member) => {
      const value = `link_login:${member.id}`;
      return choice(value, link, { ...names, member: nameOf(locale, member) }, found);
    });
    return [...each, ...offered];
  }
  if (found.kind === 'push_failed') return [choice('retry_sync', retry.push, names, found), ...offered];
  if (found.kind === 'drift') return [choice('retry_sync', retry.drift, names, found), ...offered];
  return offered;
}

type Words = { label: (names: CaseNames) => string; effect: (names: CaseNames) => string };

function choice(value: string, words: Words, names: CaseNames, { need_approval }: OpenCase): Choice {
  const [decision = ''] = value.split(':');
  return {
    value,
    label: words.label(names),
    effect: words.effect(names),
    needsApproval: need_approval?.includes(decision) === true,
    needsCheck: decision === 'merge_into',
  };
}

/** The words of a decision for this kind of case; undefined for one that the desk does not know yet. */
function wordsOf(locale: Locale, decision: string, found: OpenCase): Words | undefined {
  const { accept, keep, part, merge, key, erase, freeze } = decisionWords[locale];
  const { kind, observation_id } = found;
  switch (decision) {
    case 'accept_observed':
      if (kind === 'mismatch') return observation_id === null ? accept.import : accept.mismatch;
      return kind === 'subject_moved' ? accept.move : accept.link;
    case 'accept_receiver_key':
      return key.accept;
    case 'erase_member':
      return erase.accept;
    case 'freeze_snapshot':
      return freeze.accept;
    case 'keep_existing':
      if (kind === 'receiver_key') return key.keep;
      if (kind === 'erasure') return erase.keep;
      if (kind === 'grant_snapshot') return freeze.keep;
      if (kind === 'mismatch') return keep.number;
      if (kind === 'duplicate') return keep.both;
      if (kind === 'ambiguous' || kind === 'name_mismatch') return keep.link;
      if (kind === 'subject_moved') return keep.move;
      return kind === 'push_failed' ? keep.push : keep.noted;
    case 'not_same_person':
      if (kind === 'ambiguous') return part.candidates;
      if (kind === 'name_mismatch') return part.name;
      return kind === 'subject_moved' ? part.move : part.member;
    case 'merge_into':
      return merge;
    default:
      return undefined;
  }
}
