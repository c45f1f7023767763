import { describe, expect, test, vi } from 'vitest';
import { keepToken, settleToken } from '../src/client';
import { readAddress, takeToken, writeAddress } from '../src/model/address';
import { emptyQuery, type Query } from '../src/model/query';

const hard: Query = {
  ...emptyQuery,
  kind: 'tilde',
  expression: 'sum by (a) (rate(x{b=~"c|d&e#f"}[5m])) > 1 + 2',
  conditions: [
    { key: 'we=ird&key', value: 'v#=&+ %é' },
    { key: 'n', value: 2 },
    { key: 't', value: '2' },
    { key: 'b', value: false },
    { key: 's', value: ['', 'x y', 1] },
  ],
  from: '2026-01-02T10:00:00+01:00',
  to: '1767348000000',
  limit: 7,
};

describe('the address', () => {
  test.each<[string, Query]>([
    ['hard characters', hard],
    ['raw', { ...emptyQuery, metric: 'up', aggregation: null }],
    ['values', { ...emptyQuery, ask: 'field_values', field: 'job', prefix: 'a', offset: 3 }],
    ['another bucket', { ...emptyQuery, aggregation: { method: 'MAX', bucket_ms: 5 } }],
  ])('%s come back as they went', (_name, query) => {
    expect(readAddress(writeAddress('ladder', query))).toEqual({ pane: 'ladder', query });
  });

  test('what cannot be read is left at its default', () => {
    const { pane, query } = readAddress('#pane=nowhere&kind=x&where=[&where=["a"]&where=["a",{}]&where=["b","c"]&limit=-1&bucket=x&ask=all');
    expect(pane).toBeNull();
    expect(query).toEqual({ ...emptyQuery, conditions: [{ key: 'b', value: 'c' }] });
    expect(readAddress('#pane=tap').query).toBeNull();
    expect(readAddress('').query).toBeNull();
  });

  test('a token leaves it, and all else stays', () => {
    expect(takeToken('#token=s3cret&pane=tap&where=%5B%22a%22%2C%22b%22%5D')).toEqual({ token: 's3cret', rest: '#pane=tap&where=%5B%22a%22%2C%22b%22%5D' });
    expect(takeToken('#pane=tap')).toEqual({ token: null, rest: '#pane=tap' });
    expect(takeToken('#token=')).toEqual({ token: null, rest: '' });
  });
});

describe('the token', () => {
  const shelf = () => {
    const held = new Map<string, string>();
    return {
      getItem: (key: string) => held.get(key) ?? null,
      setItem: (key: string, value: string) => void held.set(key, value),
      removeItem: (key: string) => void held.delete(key),
    };
  };

  test('moves from the address into the session at once', () => {
    const store = shelf();
    const replace = vi.fn();
    expect(settleToken({ hash: '#token=abc&pane=tap', replace, store })).toBe('abc');
    expect(replace.mock.calls).toEqual([['#pane=tap']]);
    expect(settleToken({ hash: '#pane=tap', replace, store })).toBe('abc');
    expect(replace).toHaveBeenCalledTimes(1);
  });

  test('an empty one leaves the address too', () => {
    const replace = vi.fn();
    expect(settleToken({ hash: '#token=', replace, store: shelf() })).toBeNull();
    expect(replace).toHaveBeenCalledWith('');
  });

  test('a forbidden storage does no harm', () => {
    const forbidden = () => { throw new Error('SecurityError'); };
    const store = { getItem: forbidden, setItem: forbidden, removeItem: forbidden };
    expect(settleToken({ hash: '#token=abc', replace: () => {}, store })).toBe('abc');
    expect(settleToken({ hash: '', replace: () => {}, store })).toBeNull();
    keepToken(store, null);
  });
});
