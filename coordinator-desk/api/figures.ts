import { type Api, read } from './connect.ts';

/** A year of months, and the one that runs. */
const months = 13;

/** All figures of one organisation, the oldest month first. */
export async function loadFigures(api: Api, organization: string) {
  const [[now], monthly, ages] = await Promise.all([
    read(api.from('data_quality').select('*').eq('organization', organization)),
    read(
      api
        .from('monthly_figures')
        .select('*')
        .eq('organization', organization)
        .order('month', { ascending: false })
        .limit(months),
    ),
    read(api.from('open_case_ages').select('*').eq('organization', organization)),
  ]);
  return { now, monthly: monthly.reverse(), ages };
}
export type Figures = Awaited<ReturnType<typeof loadFigures>>;
