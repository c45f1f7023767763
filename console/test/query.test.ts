import { describe, expect, test } from 'vitest';
import type { MirrorRequest } from '../src/contract';
import { argument, emptyQuery, fromRequest, problem, refined, toRequest, withConditions, wireCondition, type Query } from '../src/model/query';

const now = Date.UTC(2026, 0, 2, 12);
const url = { url: 'http://prometheus:9090' };

const full: Query = {
  ...emptyQuery,
  kind: 'counter',
  metric: 'http_requests_total',
  conditions: [
    { key: 'job', value: 'checkout' },
    { key: 'code', value: 200 },
    { key: 'canary', value: true },
    { key: 'pod', value: ['a', 'b', 3] },
  ],
  aggregation: { method: 'PERCENTILE_95', bucket_ms: 300_000 },
  from: String(now - 3_600_000),
  to: String(now),
  limit: 500,
};

describe('a query and its Mirror request', () => {
  test('every kind of value has its own type, and the kind comes first', () => {
    const { query } = toRequest(full, url, now);
    expect(query!.conditions!.map(({ key, value }) => [key, value._type, value.value])).toEqual([
      ['__counter__', 'StringValue', 'http_requests_total'],
      ['job', 'StringValue', 'checkout'],
      ['code', 'DoubleValue', 200],
      ['canary', 'BooleanValue', true],
      ['pod', 'InSetValue', ['a', 'b', 3]],
    ]);
    expect(query!.aggregation).toEqual({ _type: 'Aggregation', method: 'PERCENTILE_95', bucketSizeMillis: 300_000 });
    expect([query!.startTime, query!.endTime, query!.limit]).toEqual([now - 3_600_000, now, 500]);
  });

  test.each<[string, Query]>([
    ['a metric', full],
    ['raw points', { ...full, aggregation: null, limit: null }],
    ['a tilde', { ...full, kind: 'tilde', metric: '', expression: 'sum(rate(x{a="~"}[5m]))' }],
    ['field names', { ...full, ask: 'field_names', aggregation: null }],
    ['field values', { ...full, ask: 'field_values', aggregation: null, field: 'job', prefix: 'ch', offset: 20 }],
  ])('%s comes back as it went', (_name, query) => {
    expect(fromRequest(toRequest(query, url, now))).toEqual(query);
  });

  test('relative times are fixed when it is sent', () => {
    const { query } = toRequest({ ...full, from: 'now-90m', to: 'now-30m' }, url, now);
    expect([query!.startTime, query!.endTime]).toEqual([now - 5_400_000, now - 1_800_000]);
  });

  test('what StackState leaves out, or says in its own way, is read', () => {
    const request: MirrorRequest = {
      _type: 'MetricsRequest',
      query: { conditions: [{ key: 'job', value: { value: 'a' } }, { key: '__gauge__', value: { value: 'up' } }], aggregation: { method: 'mean', bucketSizeMillis: 60_000 }, limit: 2147483647 },
    };
    expect(fromRequest(request)).toEqual({ ...emptyQuery, metric: 'up', conditions: [{ key: 'job', value: 'a' }] });
    expect(fromRequest({ _type: 'TestConnectionRequest' })).toBeNull();
  });

  test('a second kind stays a condition, so that its error shows', () => {
    const both = withConditions(emptyQuery, [wireCondition({ key: '__gauge__', value: 'a' }), wireCondition({ key: '~', value: 'b' })]);
    expect([both.kind, both.metric, both.conditions]).toEqual(['gauge', 'a', [{ key: '~', value: 'b' }]]);
  });

  test('a row without a key is still being typed and is not sent', () => {
    const { query } = toRequest({ ...full, conditions: [{ key: '', value: 'x' }] }, url, now);
    expect(query!.conditions).toHaveLength(1);
  });

  test('a suggestion takes the place of a condition on the same label', () => {
    expect(refined(full, [{ key: 'job', value: 'payment' }]).conditions.filter(({ key }) => key === 'job')).toEqual([{ key: 'job', value: 'payment' }]);
  });

  test('what cannot be sent says why', () => {
    expect(problem(full, now)).toBeNull();
    expect(problem(emptyQuery, now)).toContain('metric');
    expect(problem({ ...full, from: 'now', to: 'now-1h' }, now)).toContain('before it starts');
    expect(problem({ ...full, from: '1700000000' }, now)).toContain('seconds');
    expect(problem({ ...full, ask: 'field_values' }, now)).toContain('field');
  });

  test('arguments of the command line keep their type', () => {
    expect(full.conditions.map(argument)).toEqual(['job=checkout', 'code:=200', 'canary:=true', 'pod:=["a","b",3]']);
  });
});
