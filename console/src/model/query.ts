/** What the workbench asks, and its two spellings: the Mirror request and the command line. */
import type { MirrorRequest, Scalar, WireCondition } from '../contract';
import { parseMoment } from './time';

export type Kind = 'gauge' | 'counter' | 'histogram' | 'summary' | 'tilde';
export type Ask = 'metric' | 'field_names' | 'field_values';
export type Value = Scalar | Scalar[];

export interface Condition {
  key: string;
  value: Value;
}

export interface Query {
  ask: Ask;
  kind: Kind;
  /** The metric's name; for `tilde` the text stands in `expression`. */
  metric: string;
  expression: string;
  conditions: Condition[];
  aggregation: { method: string; bucket_ms: number } | null;
  from: string;
  to: string;
  limit: number | null;
  /** Of `field_values` only. */
  field: string;
  prefix: string;
  offset: number;
}

export const kinds: Kind[] = ['gauge', 'counter', 'histogram', 'summary', 'tilde'];

export const methods = [
  'MEAN', 'MIN', 'MAX', 'SUM', 'EVENT_COUNT', 'SUM_NO_ZEROS', 'EVENT_COUNT_NO_ZEROS',
  'PERCENTILE_25', 'PERCENTILE_50', 'PERCENTILE_75', 'PERCENTILE_90', 'PERCENTILE_95',
  'PERCENTILE_98', 'PERCENTILE_99',
];

/** StackState's own word for "all". */
const all = 2147483647;

export const emptyQuery: Query = {
  ask: 'metric',
  kind: 'gauge',
  metric: '',
  expression: '',
  conditions: [],
  aggregation: { method: 'MEAN', bucket_ms: 60_000 },
  from: 'now-1h',
  to: 'now',
  limit: null,
  field: '',
  prefix: '',
  offset: 0,
};

/** The key of a kind's condition. */
export const kindKey = (kind: Kind): string => (kind === 'tilde' ? '~' : `__${kind}__`);

/** The kind whose key this is. */
export function kindOf(key: string): Kind | null {
  return kinds.find((kind) => kindKey(kind) === key) ?? null;
}

export function wireType(value: Value): string {
  if (Array.isArray(value)) return 'InSetValue';
  if (typeof value === 'number') return 'DoubleValue';
  return typeof value === 'boolean' ? 'BooleanValue' : 'StringValue';
}

export const wireCondition = ({ key, value }: Condition): WireCondition => ({
  _type: 'EqualityCondition',
  key,
  value: { _type: wireType(value), value },
});

/** What the kind's condition holds; empty while nothing is chosen. */
export const subject = (query: Query): string =>
  query.kind === 'tilde' ? query.expression : query.metric;

/** All conditions, the kind first, as they are sent. Rows without a key are still being typed. */
export function wireConditions(query: Query): WireCondition[] {
  const kind = subject(query);
  return [
    ...(kind ? [wireCondition({ key: kindKey(query.kind), value: kind })] : []),
    ...query.conditions.filter(({ key }) => key !== '').map(wireCondition),
  ];
}

/** Why the query cannot be sent; null if it can. The rest is the mirror's to judge. */
export function problem(query: Query, now: number): string | null {
  const from = parseMoment(query.from, now);
  const to = parseMoment(query.to, now);
  if (!from.ok) return `From: ${from.why}.`;
  if (!to.ok) return `To: ${to.why}.`;
  if (from.at > to.at) return 'The range ends before it starts.';
  if (query.ask === 'metric' && !subject(query).trim()) {
    return query.kind === 'tilde' ? 'Write a PromQL query first.' : 'Choose a metric first.';
  }
  if (query.ask === 'field_values' && !query.field) return 'Name the field whose values are asked.';
  return null;
}

/** The body that StackState would send. */
export function toRequest(query: Query, details: unknown, now: number): MirrorRequest {
  const from = parseMoment(query.from, now);
  const to = parseMoment(query.to, now);
  const shared = {
    conditions: wireConditions(query),
    startTime: from.ok ? from.at : 0,
    endTime: to.ok ? to.at : now,
    ...(query.limit === null ? {} : { limit: query.limit }),
  };
  switch (query.ask) {
    case 'field_names':
      return {
        _type: 'FieldNamesRequest',
        connectionDetails: details,
        query: { _type: 'FieldNamesQuery', ...shared },
      };
    case 'field_values':
      return {
        _type: 'FieldValuesRequest',
        connectionDetails: details,
        query: {
          _type: 'FieldValuesQuery',
          ...shared,
          field: { fieldName: query.field },
          ...(query.prefix ? { fieldValuePrefix: query.prefix } : {}),
          ...(query.offset ? { offset: query.offset } : {}),
        },
      };
    case 'metric':
      return {
        _type: 'MetricsRequest',
        connectionDetails: details,
        query: {
          _type: 'MetricsQuery',
          ...shared,
          ...(query.aggregation && {
            aggregation: {
              _type: 'Aggregation',
              method: query.aggregation.method,
              bucketSizeMillis: query.aggregation.bucket_ms,
            },
          }),
          metricField: 'value',
        },
      };
  }
}

/** The first kind among the conditions becomes the query's; all others stay conditions. */
export function withConditions(query: Query, wire: WireCondition[]): Query {
  const first = wire.findIndex(({ key }) => kindOf(key) !== null);
  const chosen = wire[first];
  const kind = (chosen && kindOf(chosen.key)) ?? query.kind;
  const text = chosen ? String(chosen.value.value) : '';
  return {
    ...query,
    kind,
    metric: kind === 'tilde' ? '' : text,
    expression: kind === 'tilde' ? text : '',
    conditions: wire
      .filter((_, index) => index !== first)
      .map(({ key, value }) => ({ key, value: value.value })),
  };
}

/** The query that a body asks, or null if it asks none (a connection test). */
export function fromRequest(request: MirrorRequest): Query | null {
  const asked: Record<string, Ask> = {
    MetricsRequest: 'metric',
    FieldNamesRequest: 'field_names',
    FieldValuesRequest: 'field_values',
  };
  const ask = asked[request._type];
  const query = request.query;
  if (!ask || !query) return null;
  const aggregation = query.aggregation;
  const base: Query = {
    ...emptyQuery,
    ask,
    aggregation: aggregation
      ? { method: aggregation.method.toUpperCase(), bucket_ms: aggregation.bucketSizeMillis }
      : null,
    from: query.startTime == null ? emptyQuery.from : String(query.startTime),
    to: query.endTime == null ? emptyQuery.to : String(query.endTime),
    limit: query.limit == null || query.limit === all ? null : query.limit,
    field: query.field?.fieldName ?? '',
    prefix: query.fieldValuePrefix ?? '',
    offset: query.offset ?? 0,
  };
  return withConditions(base, query.conditions ?? []);
}

/** Adds conditions; one whose key is there already takes the other's place. */
export function refined(query: Query, more: Condition[]): Query {
  const conditions = query.conditions.filter(({ key }) => !more.some((added) => added.key === key));
  return { ...query, conditions: [...conditions, ...more] };
}

/** `KEY=VALUE` for text, `KEY:=JSON` for the rest: the command line's spelling. */
export function argument({ key, value }: Condition): string {
  return typeof value === 'string' ? `${key}=${value}` : `${key}:=${JSON.stringify(value)}`;
}
