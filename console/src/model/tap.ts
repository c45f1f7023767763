/** The list of the tap: new entries come in front, filters are applied to what is here. */
import type { TapEntry } from '../contract';

export interface Filter {
  outcome: string;
  method: string;
  code: string;
  text: string;
}

export const noFilter: Filter = { outcome: '', method: '', code: '', text: '' };

/** Newest first, each once, never more than the ring itself holds. */
export function merged(old: TapEntry[], fresh: TapEntry[], capacity: number): TapEntry[] {
  const seen = new Set(fresh.map(({ id }) => id));
  return [...fresh, ...old.filter(({ id }) => !seen.has(id))].slice(0, Math.max(capacity, 1));
}

export function matching(entries: TapEntry[], filter: Filter): TapEntry[] {
  const text = filter.text.trim().toLowerCase();
  return entries.filter((entry) => {
    if (filter.outcome && entry.outcome !== filter.outcome) return false;
    if (filter.method && entry.method !== filter.method) return false;
    if (filter.code && entry.code !== filter.code && !entry.notices?.includes(filter.code)) return false;
    return !text || haystack(entry).includes(text);
  });
}

const haystack = (entry: TapEntry) =>
  [entry.id, entry.method, entry.outcome, entry.code, entry.alias, entry.host, ...(entry.queries ?? []), ...(entry.notices ?? [])]
    .filter(Boolean)
    .join('\n')
    .toLowerCase();

/** The values that a filter can be set to. */
export const distinct = (values: (string | null | undefined)[]): string[] =>
  [...new Set(values.filter((value): value is string => !!value))].sort();
