/** Points of an answer as a chart draws them: buckets as steps, gaps as gaps, numbers untouched. */
import type { MirrorAnswer } from '../contract';

export interface Chart {
  /** Seconds, ascending. */
  x: number[];
  /** Null opens a gap. */
  y: (number | null)[];
  stepped: boolean;
}

export interface Facts {
  points: number;
  minimum: number;
  maximum: number;
  last: number;
  gaps: number;
}

export interface Row {
  start: number;
  /** Null for raw points. */
  end: number | null;
  value: number;
}

/** The rows of an answer. The columns are found by name, not by place. */
export function rows(answer: MirrorAnswer | null | undefined): Row[] {
  const telemetry = answer?.telemetry;
  if (!telemetry) return [];
  const column = (...names: string[]) => telemetry.dataFormat.findIndex((name) => names.includes(name));
  const value = column('value');
  const start = column('startTimestamp', 'timestamp');
  const end = column('endTimestamp');
  return telemetry.points.map((point) => ({
    value: point[value]!,
    start: point[start]!,
    end: end < 0 ? null : point[end]!,
  }));
}

/**
 * Raw points are joined unless they lie much farther apart than usual; each bucket is drawn from
 * its start to its end, and is joined only to a bucket that begins where it ends.
 */
export function chart(all: Row[]): Chart {
  const x: number[] = [];
  const y: (number | null)[] = [];
  const stepped = all.some(({ end }) => end !== null);
  const patience = stepped ? 0 : 5 * median(all.slice(1).map(({ start }, i) => start - all[i]!.start));
  let edge: number | null = null;
  for (const { start, end, value } of all) {
    if (edge !== null && (stepped ? start > edge : start - edge > patience)) {
      x.push((edge + 0.5) / 1000);
      y.push(null);
    }
    x.push(start / 1000);
    y.push(value);
    if (end !== null) {
      x.push(end / 1000);
      y.push(value);
    }
    edge = end ?? start;
  }
  return { x, y, stepped };
}

export function facts(all: Row[], drawn: Chart): Facts | null {
  const last = all.at(-1);
  if (!last) return null;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const { value } of all) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return {
    points: all.length,
    minimum,
    maximum,
    last: last.value,
    gaps: drawn.y.reduce<number>((sum, value) => sum + (value === null ? 1 : 0), 0),
  };
}

function median(numbers: number[]): number {
  if (numbers.length === 0) return Infinity;
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** A number to read at a glance; the table has it exactly. */
export function glance(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(3);
  if (size >= 1e9) return `${trim(value / 1e9)}G`;
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e4) return `${trim(value / 1e3)}k`;
  return trim(value);
}

const trim = (value: number) => String(Number(value.toPrecision(5)));
