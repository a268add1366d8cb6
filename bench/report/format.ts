import type { Row } from '../row.ts';
import type { Spread } from '../statistics.ts';

/** Three figures that matter, and no more. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

export function formatSpread(spread: Spread, unit: string): string {
  const suffix = unit === 'ratio' ? '' : ` ${unit}`;
  const range = spread.rounds.length > 1 ? ` (${formatNumber(spread.min)} to ${formatNumber(spread.max)})` : '';
  return `${formatNumber(spread.median)}${range}${suffix}`;
}

export function formatBar({ bar, unit }: Row): string {
  if (bar === null) return '';
  return `${bar.at === 'least' ? '>=' : '<='} ${bar.value}${unit === 'ratio' ? '' : ` ${unit}`}`;
}
