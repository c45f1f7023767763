/** The pieces of a PromQL text and where each came from. The mirror counts bytes, a page does not. */
import type { Fragment } from '../contract';

export interface Piece {
  text: string;
  /** Null where no fragment covers the text, which a sound record never shows. */
  origin: string | null;
}

/** Cuts a text at its fragments. Bytes that nobody claims become pieces without an origin. */
export function pieces(text: string, fragments: Fragment[]): Piece[] {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const cut = (start: number, end: number) => decoder.decode(bytes.subarray(start, end));
  const out: Piece[] = [];
  let at = 0;
  for (const { start, end, origin } of [...fragments].sort((a, b) => a.start - b.start)) {
    const from = Math.max(start, at);
    const to = Math.min(end, bytes.length);
    if (to <= from) continue;
    if (from > at) out.push({ text: cut(at, from), origin: null });
    out.push({ text: cut(from, to), origin });
    at = to;
  }
  if (at < bytes.length) out.push({ text: cut(at, bytes.length), origin: null });
  return out;
}

/** `2` of `conditions[2]`. */
export function conditionIndex(origin: string | null): number | null {
  const found = /^conditions\[(\d+)\]$/.exec(origin ?? '');
  return found ? Number(found[1]) : null;
}

/** An origin in words, for tooltips and screen readers. */
export function originText(origin: string | null): string {
  const index = conditionIndex(origin);
  if (index !== null) return `condition ${index}`;
  if (origin === null) return 'of no stated origin';
  if (origin.startsWith('config.')) return `setting ${origin.slice('config.'.length)}`;
  const words: Record<string, string> = {
    'aggregation.method': 'aggregation method',
    'aggregation.bucketSizeMillis': 'bucket size',
    profile: 'profile',
    'probe.scrape_interval': 'scrape interval',
    tilde: 'the PromQL that was typed',
  };
  return words[origin] ?? origin;
}
