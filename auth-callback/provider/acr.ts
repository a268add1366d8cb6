/** ID-porten's levels, today's and the former names, in one order (docs.digdir.no; design section 12). */
const levels: Record<string, number> = {
  'idporten-loa-low': 1,
  'idporten-loa-substantial': 2,
  Level3: 2,
  'idporten-loa-high': 3,
  Level4: 3,
};

/**
 * @param acr the claim as the provider sent it
 * @param minimum the row's level. One we know no order for (such as Vipps' `urn:vipps:acr:app_auth`) must be met exactly.
 */
export function meetsMinimumAcr(acr: unknown, minimum: string): boolean {
  if (typeof acr !== 'string') return false;
  if (acr === minimum) return true;
  const [reached, needed] = [levelOf(acr), levelOf(minimum)];
  return reached !== undefined && needed !== undefined && reached >= needed;
}

function levelOf(acr: string): number | undefined {
  return Object.hasOwn(levels, acr) ? levels[acr] : undefined;
}
