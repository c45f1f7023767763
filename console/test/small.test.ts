import { describe, expect, test, vi } from 'vitest';
import type { MirrorRecord, TapEntry } from '../src/contract';
import { makeBundle, openBundle } from '../src/model/bundle';
import { count, countText } from '../src/model/counts';
import { PromqlClient, type Asked } from '../src/model/promql-client';
import { matching, merged, noFilter } from '../src/model/tap';
import { agoText, durationText, momentText, parseDuration, parseMoment } from '../src/model/time';

describe('times', () => {
  test.each([['90m', 5_400_000], ['1h30m', 5_400_000], ['500ms', 500], ['2w', 1_209_600_000], ['h', null], ['1x', null], ['', null], ['1.5h', null]])('%s is %s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  test('durations come back', () => {
    for (const ms of [1, 500, 60_000, 5_400_000, 90_061_001]) expect(parseDuration(durationText(ms))).toBe(ms);
  });
  test('moments', () => {
    const now = Date.UTC(2026, 5, 1);
    expect(parseMoment('now-1h', now)).toEqual({ ok: true, at: now - 3_600_000 });
    expect(parseMoment('now + 5m', now)).toEqual({ ok: true, at: now + 300_000 });
    expect(parseMoment('2026-06-01T02:00:00+02:00', now)).toEqual({ ok: true, at: now });
    expect(parseMoment(String(now), now)).toEqual({ ok: true, at: now });
    for (const wrong of ['1700000000', 'yesterday', 'now-', 'now-1', '2026-06-01', '']) expect(parseMoment(wrong, now).ok, wrong).toBe(false);
    expect(momentText(now)).toBe('2026-06-01T00:00:00Z');
    expect(agoText(now - 7_200_000, now)).toBe('2 h ago');
  });
});

describe('the tap', () => {
  const entry = (id: string, more: Partial<TapEntry> = {}): TapEntry => ({ id, at: 0, method: 'metric', outcome: 'ok', ...more });
  test('new entries come in front, each once, within the capacity', () => {
    expect(merged([entry('b'), entry('a')], [entry('d'), entry('b')], 3).map(({ id }) => id)).toEqual(['d', 'b', 'a']);
  });
  test('filters add up', () => {
    const all = [entry('a', { queries: ['up{job="X"}'] }), entry('b', { outcome: 'error', code: 'PM-2002', host: 'p:9090' }), entry('c', { method: 'field_names', notices: ['PM-7004'] })];
    const ids = (part: object) => matching(all, { ...noFilter, ...part }).map(({ id }) => id);
    expect(ids({})).toEqual(['a', 'b', 'c']);
    expect(ids({ text: 'JOB="x' })).toEqual(['a']);
    expect(ids({ code: 'PM-7004' })).toEqual(['c']);
    expect(ids({ outcome: 'error', text: '9090' })).toEqual(['b']);
    expect(ids({ outcome: 'ok', code: 'PM-2002' })).toEqual([]);
  });
});

describe('a bundle', () => {
  const record: MirrorRecord = { version: 1, stages: { calls: [] }, outcome: { result: 'ok' }, notices: [], answer: { _type: 'MetricsResponse' } };
  const build = { version: '1.0.0' };
  test('comes back, with points only where they were asked for', () => {
    const without = openBundle(JSON.stringify(makeBundle(record, null, build, false)));
    expect(without).toMatchObject({ ok: true, bundle: { build, record: { version: 1 }, diagnosis: null } });
    expect(JSON.stringify(without)).not.toContain('MetricsResponse');
    expect(JSON.stringify(openBundle(JSON.stringify(makeBundle(record, null, build, true))))).toContain('MetricsResponse');
  });
  test('a bare record will do', () => expect(openBundle(JSON.stringify(record)).ok).toBe(true));
  test.each(['', 'x', '[]', '{}', '{"stages":{},"outcome":{},"version":2}', '{"stages":{"calls":{}},"outcome":{},"version":1}', '{"stages":{"plan":[]},"outcome":{},"version":1}'])('%s is refused', (text) => {
    expect(openBundle(text).ok).toBe(false);
  });
});

describe('completions for PromQL', () => {
  const equal = 3;
  const answering = (...values: string[]) => vi.fn(async (_asked: Asked) => ({ items: values.map((value) => ({ value, type: 'gauge', help: 'h' })), total: values.length }));

  test('names, labels and values are asked of the mirror, narrowed by equalities alone', async () => {
    const complete = answering('a', 'b');
    const client = new PromqlClient(complete, equal);
    expect(await client.metricNames('up')).toEqual(['a', 'b']);
    expect(await client.labelNames('up')).toEqual(['a', 'b']);
    await client.labelValues('pod', 'up', [{ name: 'job', value: 'x', type: equal }, { name: 'env', value: 'y', type: 9 }, { name: 'pod', value: 'z', type: equal }]);
    const [names, labels, values] = complete.mock.calls.map(([asked]) => asked);
    expect(names).toMatchObject({ what: 'metrics', prefix: 'up' });
    expect(labels).toMatchObject({ what: 'label_names', conditions: [{ key: '__gauge__', value: { value: 'up' } }] });
    expect(values!.conditions.map(({ key }) => key)).toEqual(['__gauge__', 'job']);
    expect(await client.metricMetadata()).toEqual({ a: [{ type: 'gauge', help: 'h' }], b: [{ type: 'gauge', help: 'h' }] });
    expect(await client.series('up', [], 'pod')).toEqual([new Map([['__name__', 'up'], ['pod', 'a']]), new Map([['__name__', 'up'], ['pod', 'b']])]);
  });

  test('a failure offers nothing', async () => {
    const client = new PromqlClient(async () => { throw new Error('down'); }, equal);
    expect(await client.metricNames()).toEqual([]);
    expect(await client.metricMetadata()).toEqual({});
  });
});

describe('counts beside a condition', () => {
  const over = (values: string[], total = values.length) => async (asked: Asked) => ({
    items: values.filter((value) => value.startsWith(asked.prefix ?? '')).slice(0, asked.prefix ? 50 : Math.min(asked.limit ?? 50, values.length - (total - values.length))).map((value) => ({ value })),
    total,
  });
  test('members that exist are counted', async () => {
    const values = Array.from({ length: 41 }, (_, i) => `v${i}`);
    expect(countText(await count('k', ['v1', 'v40', 'w'], [], over(values)))).toBe('2 of 41 values');
    expect(countText(await count('k', 'V1', [], over(values)))).toBe('0 of 41 values');
    expect(countText(await count('k', 1, [], over(['1.0'])))).toBe('1 of 1 value');
  });
  test('in a list that is cut each member is looked for', async () => {
    const values = ['a', 'b', 'c'];
    const cut = async (asked: Asked) => ({ items: (asked.prefix ? values.filter((value) => value.startsWith(asked.prefix!)) : values.slice(0, 1)).map((value) => ({ value })), total: 4100 });
    expect(countText(await count('k', ['b', 'x'], [], cut))).toBe('1 of 4100 values');
    expect(countText(await count('k', [...'abcdef'], [], cut))).toBe('of 4100 values');
  });
});
