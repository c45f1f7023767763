/**
 * What the PromQL editor asks while somebody types, answered by `/debug/complete`: so the editor
 * sees what the mirror sees, through the same walls.
 */
import type { Completions, WireCondition } from '../contract';
import { wireCondition } from './query';

export interface Asked {
  what: 'metrics' | 'label_names' | 'label_values';
  label?: string;
  /** Of metrics: no list, but what is known of these, 50 at most. */
  names?: string[];
  prefix?: string;
  limit?: number;
  conditions: WireCondition[];
}

export type Complete = (asked: Asked) => Promise<Completions>;

/** A matcher as the editor's parser hands it over; only equalities narrow a completion. */
export interface Matcher {
  name: string;
  value: string;
  type: number;
}

const most = 1000;

/** The interface `PrometheusClient` of codemirror-promql. A completion that fails offers nothing. */
export class PromqlClient {
  constructor(
    private readonly complete: Complete,
    /** The number that the parser gives to `=`. */
    private readonly equal: number,
  ) {}

  async metricNames(prefix = ''): Promise<string[]> {
    return this.values({ what: 'metrics', prefix, limit: most, conditions: [] });
  }

  async labelNames(metric?: string): Promise<string[]> {
    return this.values({ what: 'label_names', limit: most, conditions: named(metric) });
  }

  async labelValues(label: string, metric?: string, matchers: Matcher[] = []): Promise<string[]> {
    if (label === '__name__') return this.metricNames();
    const conditions = [
      ...named(metric),
      ...matchers
        .filter(({ name, type }) => type === this.equal && name !== label && name !== '__name__')
        .map(({ name, value }) => wireCondition({ key: name, value })),
    ];
    return this.values({ what: 'label_values', label, limit: most, conditions });
  }

  async metricMetadata(): Promise<Record<string, { type: string; help: string }[]>> {
    const items = await this.items({ what: 'metrics', prefix: '', limit: most, conditions: [] });
    return Object.fromEntries(
      items
        .filter(({ type, help }) => type || help)
        .map(({ value, type, help }) => [value, [{ type: type ?? 'unknown', help: help ?? '' }]]),
    );
  }

  async series(metric: string, matchers: Matcher[] = [], label?: string): Promise<Map<string, string>[]> {
    if (!label) return [];
    const values = await this.labelValues(label, metric, matchers);
    return values.map((value) => new Map([['__name__', metric], [label, value]]));
  }

  async flags(): Promise<Record<string, string>> {
    return {};
  }

  private async items(asked: Asked): Promise<Completions['items']> {
    try {
      return (await this.complete(asked)).items;
    } catch {
      return [];
    }
  }

  private async values(asked: Asked): Promise<string[]> {
    return (await this.items(asked)).map(({ value }) => value);
  }
}

/** Of the kinds the gauge narrows to exactly this name. */
const named = (metric?: string): WireCondition[] =>
  metric ? [wireCondition({ key: '__gauge__', value: metric })] : [];
