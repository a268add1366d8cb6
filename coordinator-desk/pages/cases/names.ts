import type { Locale } from '../../../runtime/language.ts';
import type { FoundCase, Member, OpenCase, SettledCase } from '../../api/cases.ts';
import { caseWords } from '../../words/cases.ts';
import type { CaseNames } from '../../words/decisions.ts';
import { kindWords } from '../../words/kinds.ts';
import { questionWords } from '../../words/questions.ts';

const providers: Record<string, string> = { vipps: 'Vipps', bankid: 'BankID', idporten: 'ID-porten', staff: 'ID' };

/** `Vipps`, `BankID`, `ID-porten` */
export function providerName(provider: string): string {
  return providers[provider] ?? provider;
}

/** `Kari Nordmann`, or undefined where neither name is known. */
export function fullName(given: string | null, family: string | null): string | undefined {
  return [given, family].filter((part) => part !== null && part !== '').join(' ') || undefined;
}

/** `Kari Nordmann (medlem 1001)` */
export function memberName(locale: Locale, given: string | null, family: string | null, number: string | null): string {
  const words = caseWords[locale];
  const name = fullName(given, family) ?? words.unnamed;
  return number === null ? name : `${name} (${words.member(number)})`;
}

export function nameOf(locale: Locale, { given_name, family_name, external_id }: Member): string {
  return memberName(locale, given_name, family_name, external_id);
}

/** Who a case is about, without asking for more than the case itself holds. */
export function namesOf(locale: Locale, found: OpenCase | SettledCase, candidates: Member[] = []): CaseNames {
  const words = caseWords[locale];
  const [only] = candidates.length === 1 ? candidates : [];
  const other = 'other_member_given_name' in found ? found : undefined;
  return {
    member:
      found.member_id === null && only !== undefined
        ? nameOf(locale, only)
        : memberName(locale, found.member_given_name, found.member_family_name, found.member_external_id),
    other: memberName(
      locale,
      other?.other_member_given_name ?? null,
      other?.other_member_family_name ?? null,
      found.other_member_external_id,
    ),
    login: fullName(found.observed_given_name, found.observed_family_name) ?? words.somebody,
    provider: found.provider === null ? words.import : providerName(found.provider),
    candidates: found.candidates.length,
  };
}

/** What a case is called in lists and titles: its kind, and whom it is about. */
export function caseTitle(locale: Locale, found: OpenCase | SettledCase): string {
  const about =
    found.member_id === null
      ? fullName(found.observed_given_name, found.observed_family_name)
      : namesOf(locale, found).member;
  return about === undefined ? kindWords[locale][found.kind] : `${kindWords[locale][found.kind]}: ${about}`;
}

/** The question of a case in one sentence. */
export function questionOf(locale: Locale, { found, candidates }: Extract<FoundCase, { state: 'open' }>): string {
  const ofImport = found.observation_id === null;
  const words = questionWords[locale];
  const question = {
    mismatch: ofImport ? words.mismatchImport : words.mismatch,
    duplicate: ofImport ? words.duplicateImport : words.duplicate,
    ambiguous: found.candidates.length === 1 ? words.ambiguousOne : words.ambiguousMany,
    name_mismatch: words.name_mismatch,
    subject_moved: words.subject_moved,
    inconsistent: words.inconsistent,
    consent_revoked: found.detail.verified === true ? words.consentRevokedByMember : words.consent_revoked,
    push_failed: words.push_failed,
    member_system: words.member_system,
    drift: words.drift,
    receiver_key: words.receiver_key,
    erasure: words.erasure,
    grant_snapshot: words.grant_snapshot,
  }[found.kind];
  return question(namesOf(locale, found, candidates));
}
