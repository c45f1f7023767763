/**
 * The fragment of the address: it holds the query and the pane, so that a link shows what somebody
 * saw. Never connection details, and never the token for longer than it takes to read it.
 */
import { emptyQuery, kinds, type Ask, type Condition, type Kind, type Query, type Value } from './query';

export const panes = ['connections', 'editor', 'tap', 'workbench', 'result', 'ladder', 'status'] as const;
export type Pane = (typeof panes)[number];

export interface Address {
  pane: Pane | null;
  /** Null if the fragment says nothing about a query. */
  query: Query | null;
}

/** The token of a first link, and the fragment without it. */
export function takeToken(hash: string): { token: string | null; rest: string } {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const token = parameters.get('token');
  parameters.delete('token');
  const rest = parameters.toString();
  return { token: token || null, rest: rest ? `#${rest}` : '' };
}

/** A list, so that keys and values may hold any character and types survive. */
const conditionText = ({ key, value }: Condition): string => JSON.stringify([key, value]);

function readCondition(text: string): Condition | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(read) || read.length !== 2) return null;
  const [key, value] = read as [unknown, unknown];
  return typeof key === 'string' && isValue(value) ? { key, value } : null;
}

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

const isValue = (value: unknown): value is Value =>
  isScalar(value) || (Array.isArray(value) && value.every(isScalar));

export function writeAddress(pane: Pane, query: Query): string {
  const out = new URLSearchParams({ pane });
  if (query.ask !== 'metric') out.set('ask', query.ask);
  out.set('kind', query.kind);
  if (query.metric) out.set('metric', query.metric);
  if (query.expression) out.set('expression', query.expression);
  for (const condition of query.conditions) {
    if (condition.key) out.append('where', conditionText(condition));
  }
  if (query.aggregation) {
    out.set('method', query.aggregation.method);
    out.set('bucket', String(query.aggregation.bucket_ms));
  } else {
    out.set('method', 'raw');
  }
  out.set('from', query.from);
  out.set('to', query.to);
  if (query.limit !== null) out.set('limit', String(query.limit));
  if (query.field) out.set('field', query.field);
  if (query.prefix) out.set('prefix', query.prefix);
  if (query.offset) out.set('offset', String(query.offset));
  return `#${out}`;
}

/** Whatever cannot be read is left at its default: an address is typed and cut by people. */
export function readAddress(hash: string): Address {
  const from = new URLSearchParams(hash.replace(/^#/, ''));
  const pane = panes.find((name) => name === from.get('pane')) ?? null;
  if (![...from.keys()].some((key) => key !== 'pane')) return { pane, query: null };
  const count = (name: string): number | null => {
    const text = from.get(name);
    return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  const method = from.get('method');
  return {
    pane,
    query: {
      ...emptyQuery,
      ask: (['field_names', 'field_values'] as Ask[]).find((ask) => ask === from.get('ask')) ?? 'metric',
      kind: kinds.find((kind: Kind) => kind === from.get('kind')) ?? emptyQuery.kind,
      metric: from.get('metric') ?? '',
      expression: from.get('expression') ?? '',
      conditions: from.getAll('where').map(readCondition).filter((read) => read !== null),
      aggregation:
        method === 'raw'
          ? null
          : { method: method ?? 'MEAN', bucket_ms: count('bucket') || emptyQuery.aggregation!.bucket_ms },
      from: from.get('from') ?? emptyQuery.from,
      to: from.get('to') ?? emptyQuery.to,
      limit: count('limit'),
      field: from.get('field') ?? '',
      prefix: from.get('prefix') ?? '',
      offset: count('offset') ?? 0,
    },
  };
}
