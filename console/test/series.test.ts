import { describe, expect, test } from 'vitest';
import { chart, facts, glance, rows } from '../src/model/series';

const telemetry = (dataFormat: string[], points: number[][]) => rows({ _type: 'MetricsResponse', telemetry: { _type: 'x', isPartial: false, dataFormat, points } });

describe('the chart', () => {
  test('columns are found by their names', () => {
    expect(telemetry(['endTimestamp', 'value', 'startTimestamp'], [[2, 7, 1]])).toEqual([{ value: 7, start: 1, end: 2 }]);
    expect(rows(null)).toEqual([]);
  });

  test('each bucket is level from start to end, and a gap is open', () => {
    const drawn = chart(telemetry(['value', 'startTimestamp', 'endTimestamp'], [[1, 0, 1000], [2, 1000, 2000], [5, 4000, 5000]]));
    expect(drawn.x).toEqual([0, 1, 1, 2, 2.0005, 4, 5]);
    expect(drawn.y).toEqual([1, 1, 2, 2, null, 5, 5]);
    expect(drawn.stepped).toBe(true);
  });

  test('raw points are joined until one is missed for long', () => {
    const drawn = chart(telemetry(['value', 'timestamp'], [[1, 0], [2, 1000], [3, 2000], [4, 3000], [5, 60_000]]));
    expect(drawn.y).toEqual([1, 2, 3, 4, null, 5]);
    expect(chart(telemetry(['value', 'timestamp'], [[1, 5]])).y).toEqual([1]);
  });

  test('eleven thousand buckets stay in order', () => {
    const drawn = chart(telemetry(['value', 'startTimestamp', 'endTimestamp'], Array.from({ length: 11_000 }, (_, i) => [i, i * 60_000, (i + 1) * 60_000])));
    expect(drawn.x).toHaveLength(22_000);
    expect(drawn.x.every((at, i) => i === 0 || at >= drawn.x[i - 1]!)).toBe(true);
  });

  test('facts are of the points, not of the drawing', () => {
    const all = telemetry(['value', 'startTimestamp', 'endTimestamp'], [[3, 0, 1], [-1, 1, 2], [2, 9, 10]]);
    expect(facts(all, chart(all))).toEqual({ points: 3, minimum: -1, maximum: 3, last: 2, gaps: 1 });
    expect(facts([], chart([]))).toBeNull();
  });

  test('numbers are short at a glance', () => {
    expect([0, 0.1 + 0.2, 12_345, 1.5e6, -2e9, 1e18, 0.00001].map(glance)).toEqual(['0', '0.3', '12.345k', '1.5M', '-2G', '1.000e+18', '1.000e-5']);
  });
});
