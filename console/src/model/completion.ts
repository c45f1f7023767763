/** What may be typed at a place of the connection details: keys of this object, or values of a key. */
import { alternatives, isSecret, member, schema, type Schema } from './schema';

export interface Offer {
  label: string;
  detail: string;
  info: string;
  /** What is written instead of the label. */
  apply: string;
}

export interface Offers {
  from: number;
  to: number;
  offers: Offer[];
}

interface Level {
  of: Schema | null;
  keys: Set<string>;
  object: boolean;
}

/**
 * Reads the text up to the caret with no more than a stack of open brackets: a text that is being
 * typed is hardly ever whole.
 */
export function offersAt(text: string, caret: number): Offers | null {
  const stack: Level[] = [];
  let key: string | null = null;
  let afterColon = false;
  let root: Schema | null = schema;
  let at = 0;
  const below = (): Schema | null => {
    const top = stack.at(-1);
    if (!top) return root;
    if (!top.of) return null;
    return top.object ? (key === null ? null : member(top.of, key)) : (alternatives(top.of).find((one) => one.items)?.items ?? null);
  };
  while (at < caret) {
    const next = text[at]!;
    if (next === '"') {
      let end = at + 1;
      while (end < caret && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
      if (end >= caret) return inside(text, at, caret, stack.at(-1) ?? null, afterColon ? below() : null, afterColon);
      const word = text.slice(at + 1, end);
      const top = stack.at(-1);
      if (top?.object && !afterColon) {
        key = word;
        top.keys.add(word);
      }
      at = end + 1;
      continue;
    }
    if (next === '{' || next === '[') {
      stack.push({ of: below(), keys: new Set(), object: next === '{' });
      root = null;
      key = null;
      afterColon = false;
    } else if (next === '}' || next === ']') {
      stack.pop();
      key = null;
      afterColon = false;
    } else if (next === ':') {
      afterColon = true;
    } else if (next === ',') {
      key = null;
      afterColon = false;
    }
    at += 1;
  }
  const top = stack.at(-1);
  if (!top) return null;
  const word = /[A-Za-z_]*$/.exec(text.slice(0, caret))![0];
  const from = caret - word.length;
  if (afterColon) {
    const of = below();
    return of ? { from, to: caret, offers: values(of) } : null;
  }
  return top.object && top.of ? { from, to: caret, offers: keys(top.of, top.keys, text.slice(caret)) } : null;
}

function inside(text: string, quote: number, caret: number, top: Level | null, of: Schema | null, afterColon: boolean): Offers | null {
  if (!top) return null;
  const closing = /^[^"\n,{}:]*"/.exec(text.slice(caret));
  const to = caret + (closing ? closing[0].length : 0);
  if (afterColon) return of ? { from: quote, to, offers: values(of).filter(({ label }) => label.startsWith('"')) } : null;
  return top.object && top.of ? { from: quote, to, offers: keys(top.of, top.keys, text.slice(to)) } : null;
}

function keys(of: Schema, present: Set<string>, rest: string): Offer[] {
  // A colon that stands there already is not written again.
  const colon = /^\s*:/.test(rest);
  // What every connection needs comes before what some have.
  const rank = (name: string) => (['connection', 'url', 'host', 'port'].includes(name) ? 0 : 1);
  return alternatives(of)
    .flatMap((one) => Object.entries(one.properties ?? {}))
    .filter(([name]) => !present.has(name))
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, inner]) => ({
      label: name,
      detail: isSecret(inner) ? 'secret' : typeText(inner),
      info: inner.description ?? '',
      apply: JSON.stringify(name) + (colon ? '' : `: ${blank(inner)}`),
    }));
}

function values(of: Schema): Offer[] {
  const all = alternatives(of);
  const offer = (label: string, info = ''): Offer => ({ label, detail: '', info, apply: label });
  return [
    ...all.filter((one) => 'const' in one).map((one) => offer(JSON.stringify(one.const), one.description)),
    ...(all.some((one) => [one.type].flat().includes('boolean')) ? [offer('true'), offer('false')] : []),
    ...(all.some((one) => one.properties) ? [offer('{}', of.description)] : []),
  ];
}

function typeText(of: Schema): string {
  const types = new Set(alternatives(of).flatMap((one) => one.type ?? []));
  types.delete('null');
  return [...types].join(' | ');
}

function blank(of: Schema): string {
  const all = alternatives(of);
  const has = (type: string) => all.some((one) => [one.type].flat().includes(type) && !('const' in one));
  if (has('object')) return '{}';
  if (has('array')) return '[]';
  if (has('string')) return '""';
  return '';
}
