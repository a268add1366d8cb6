import type { Enum } from '../../db/api-types.gen.ts';
import type { Locale } from '../../runtime/language.ts';
import type { Api } from './connect.ts';
import { read } from './connect.ts';
import { AccessRemovedError } from './errors.ts';

/** Who is signed in, and how much there is to do: what every page shows. */
export interface Me {
  userId: string;
  name: string;
  /** Null: as the browser asks. */
  language: Locale | null;
  organizations: { slug: string; name: string }[];
  /** By organisation and kind. */
  counts: CaseCount[];
}

export interface CaseCount {
  organization: string;
  kind: Enum<'conflict_kind'>;
  open: number;
  postponed: number;
  proposed: number;
  mine: number;
  oldest: string | null;
}

/** @throws {AccessRemovedError} when whoever is signed in is nobody's coordinator */
export async function loadMe(api: Api): Promise<Me> {
  const [profiles, counts] = await Promise.all([
    read(api.from('my_profile').select('*').order('organization')),
    read(api.from('conflict_counts').select('*').order('organization').order('kind')),
  ]);
  const [first] = profiles;
  if (first === undefined) throw new AccessRemovedError();
  const { user_id: userId, name, language } = first;
  return {
    userId,
    name: name ?? userId.slice(0, 8),
    language,
    organizations: profiles.map((each) => ({ slug: each.organization, name: each.organization_name })),
    counts: counts.flatMap(({ kind, ...rest }) => (kind === null ? [] : [{ kind, ...rest }])),
  };
}
