/** "2 of 41 values": whether a condition can match at all, said before anything is run. */
import type { Completions, Scalar, WireCondition } from '../contract';
import type { Value } from './query';
import type { Complete } from './promql-client';

export interface Count {
  /** Members of the condition that exist; null where the list was too long to tell. */
  matched: number | null;
  total: number;
  partial: boolean;
}

const most = 1000;

export async function count(key: string, value: Value, others: WireCondition[], complete: Complete): Promise<Count> {
  const asked = { what: 'label_values' as const, label: key, limit: most, conditions: others };
  const all = await complete(asked);
  const members = Array.isArray(value) ? value : [value];
  const whole = all.items.length >= all.total && !all.is_partial;
  const partial = all.is_partial === true;
  if (whole) return { matched: members.filter((one) => holds(all, one)).length, total: all.total, partial: false };
  // The list is cut: each member is looked for by itself, as long as they are few.
  if (members.length > 5) return { matched: null, total: all.total, partial };
  const found = await Promise.all(
    members.map(async (one) => holds(all, one) || holds(await complete({ ...asked, prefix: String(one) }), one)),
  );
  return { matched: found.filter(Boolean).length, total: all.total, partial };
}

/** Numbers match each of their spellings, as they do in the mirror. */
const holds = ({ items }: Completions, member: Scalar): boolean =>
  items.some(({ value }) => value === String(member) || (typeof member === 'number' && value.trim() !== '' && Number(value) === member));

export function countText({ matched, total, partial }: Count): string {
  const of = `${partial ? 'over ' : ''}${total} value${total === 1 ? '' : 's'}`;
  if (total === 0 && !partial) return 'No series has it beside the other conditions.';
  return matched === null ? `of ${of}` : `${matched} of ${of}`;
}
