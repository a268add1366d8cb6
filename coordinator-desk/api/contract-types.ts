import type { Enum, Database as Generated, Json } from '../../db/api-types.gen.ts';

// Names agreed with those who make them in schema `api`; this file goes when `db/api-types.gen.ts` has them.

type View<R> = { Row: R; Relationships: [] };
type Fn<A, R> = { Args: A; Returns: R };

type OpenConflict = Generated['api']['Views']['open_conflicts']['Row'] & {
  class: string;
  decisions: string[];
  need_approval: string[];
  member_birth_date: string | null;
  member_email: string | null;
  member_phone: string | null;
  other_member_given_name: string | null;
  other_member_family_name: string | null;
  observed_birth_date: string | null;
  observed_email: string | null;
  observed_email_verified: boolean | null;
  observed_phone: string | null;
  observed_phone_verified: boolean | null;
  assigned_to: string | null;
  assigned_name: string | null;
  assigned_until: string | null;
  postponed_until: string | null;
  comments: number;
  proposed_decision: string | null;
  proposed_by: string | null;
  proposed_by_name: string | null;
  proposed_at: string | null;
  proposal_note: string | null;
};

type Views = Omit<Generated['api']['Views'], 'open_conflicts'> & {
  open_conflicts: View<OpenConflict>;
  conflict_counts: View<{
    organization: string;
    kind: Enum<'conflict_kind'>;
    open: number;
    postponed: number;
    proposed: number;
    mine: number;
    oldest: string | null;
  }>;
  conflict_comments: View<{
    id: string;
    conflict_id: string;
    organization: string;
    written_at: string;
    user_id: string;
    name: string;
    text: string;
  }>;
  approvals: View<{
    conflict_id: string;
    organization: string;
    kind: Enum<'conflict_kind'>;
    decision: string;
    note: string | null;
    proposed_by: string;
    proposed_by_name: string;
    proposed_at: string;
    version: number;
    evidence_changed: boolean;
    mine: boolean;
  }>;
};

type Functions = Generated['api']['Functions'] & {
  assign_conflict: Fn<{ conflict_id: string; user_id: string | null }, Json>;
  postpone_conflict: Fn<{ conflict_id: string; until: string | null; note: string | null }, Json>;
  add_comment: Fn<{ conflict_id: string; text: string }, Json>;
  resolve_conflicts: Fn<
    { conflict_ids: string[]; decision: string; note: string | null; expected_versions: number[] },
    Json
  >;
  approve: Fn<{ conflict_id: string; expected_version: number }, Json>;
  decline: Fn<{ conflict_id: string; note: string | null; expected_version: number }, Json>;
  withdraw_proposal: Fn<{ conflict_id: string; expected_version: number }, Json>;
};

export type Database = {
  api: Omit<Generated['api'], 'Views' | 'Functions'> & { Views: Views; Functions: Functions };
};
export type Row<Name extends keyof Views> = Views[Name]['Row'];
