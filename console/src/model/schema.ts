/**
 * Checks connection details against the mirror's own schema, and offers what may be typed. It knows
 * the few words of JSON Schema that this schema uses. The mirror has the last word: what is said
 * here comes early, not instead.
 */
import document from '../../../schemas/connection-details.json';
import { parse, type Node } from './json';
import { closest } from './nearest';

export interface Schema {
  description?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  writeOnly?: boolean;
}

export interface Problem {
  from: number;
  to: number;
  severity: 'error' | 'warning';
  message: string;
}

export const schema = document as unknown as Schema;

/** Blocks of which one at most may be given; `user:password@` counts as well. */
const authentications = ['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file', 'oauth2', 'aws', 'sigv4'];

/** All alternatives of a schema, without `anyOf` and `oneOf`. */
export function alternatives(of: Schema): Schema[] {
  const inner = [...(of.anyOf ?? []), ...(of.oneOf ?? [])];
  return inner.length ? inner.flatMap(alternatives) : [of];
}

/** The schema of a member, wherever among the alternatives it stands. */
export function member(of: Schema, key: string): Schema | null {
  for (const one of alternatives(of)) {
    const named = one.properties?.[key];
    if (named) return named;
    if (typeof one.additionalProperties === 'object') return one.additionalProperties;
  }
  return null;
}

export const isSecret = (of: Schema): boolean => of.writeOnly === true || alternatives(of).some((one) => one.writeOnly);

/** All that can be said about a text without asking the mirror. */
export function check(text: string): Problem[] {
  if (!text.trim()) return [];
  const parsed = parse(text);
  if (!parsed.ok) return [{ from: parsed.from, to: parsed.to, severity: 'error', message: parsed.message }];
  if (parsed.node.kind !== 'object') {
    return [{ from: parsed.node.from, to: parsed.node.to, severity: 'error', message: 'Connection details are an object: { … }.' }];
  }
  const problems: Problem[] = [];
  compare(parsed.node, schema, '', problems);
  combinations(parsed.node, problems);
  return problems;
}

function compare(node: Node, of: Schema, path: string, problems: Problem[]) {
  // Null and an empty text equal absent everywhere.
  if (node.kind === 'null' || node.value === '') return;
  const all = alternatives(of);
  const fitting = all.filter((one) => fits(node, one));
  if (fitting.length === 0) {
    problems.push({ from: node.from, to: node.to, severity: 'error', message: `Here stands ${expectation(all)}.` });
    return;
  }
  if (node.kind === 'array') {
    const items = fitting.find((one) => one.items)?.items;
    if (items) for (const item of node.items) compare(item, items, path, problems);
    return;
  }
  if (node.kind !== 'object') return;
  for (const { key, from, to, node: inner } of node.members) {
    const below = member(of, key);
    if (below) {
      compare(inner, below, path ? `${path}.${key}` : key, problems);
      continue;
    }
    const known = fitting.flatMap((one) => Object.keys(one.properties ?? {}));
    if (known.length === 0) continue;
    const near = closest(key, known);
    // At the top and in `aws` unknown keys are let through, elsewhere they are refused.
    const lenient = !fitting.some((one) => one.additionalProperties === false);
    problems.push({
      from,
      to,
      severity: lenient ? 'warning' : 'error',
      message: `${key} is not known here${lenient ? ' and has no effect' : ''}.${near ? ` Did you mean ${near}?` : ''}`,
    });
  }
}

function fits(node: Node, of: Schema): boolean {
  if ('const' in of && of.const !== node.value) {
    return typeof of.const === 'string' && typeof node.value === 'string' && of.const.toLowerCase() === node.value.toLowerCase();
  }
  if (of.enum && !of.enum.includes(node.value)) return false;
  const types = of.type === undefined ? null : Array.isArray(of.type) ? of.type : [of.type];
  if (types === null || types.includes(node.kind)) return true;
  const numeric = types.includes('number') || types.includes('integer');
  if (numeric && node.kind === 'number') return types.includes('number') || Number.isInteger(node.value);
  // Numbers may come as text.
  return numeric && node.kind === 'string' && /^\d+(\.\d+)?$/.test(String(node.value).trim());
}

function expectation(all: Schema[]): string {
  const constants = all.filter((one) => 'const' in one).map((one) => JSON.stringify(one.const));
  if (constants.length) return constants.length > 1 ? `one of ${constants.join(', ')}` : constants[0]!;
  const types = new Set(all.flatMap((one) => one.type ?? []).filter((type) => type !== 'null'));
  const words: Record<string, string> = {
    object: 'an object', array: 'a list', string: 'text', number: 'a number', integer: 'a whole number', boolean: 'true or false',
  };
  return [...types].map((type) => words[type] ?? type).join(' or ') || 'something else';
}

const given = (node: Node, key: string) =>
  node.members.find((one) => one.key === key && one.node.kind !== 'null' && one.node.value !== '');

function combinations(node: Node, problems: Problem[]) {
  const complain = (key: string, message: string) => {
    const at = given(node, key)!;
    problems.push({ from: at.from, to: at.to, severity: 'error', message });
  };
  const places = ['connection', 'url', 'host'].filter((key) => given(node, key));
  if (places.length === 0) {
    problems.push({ from: node.from, to: node.from + 1, severity: 'error', message: 'One of connection, url and host is needed.' });
  }
  for (const key of places.slice(1)) complain(key, `${key} and ${places[0]} exclude each other.`);
  const proofs = authentications.filter((key) => given(node, key));
  for (const key of proofs.slice(1)) complain(key, `${key} and ${proofs[0]} exclude each other: one authentication at most.`);
  const url = given(node, 'url');
  if (url && typeof url.node.value === 'string') {
    const text = url.node.value;
    const say = (severity: Problem['severity'], message: string) =>
      problems.push({ from: url.node.from, to: url.node.to, severity, message });
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) say('error', `The scheme is missing: http://${text} or https://${text}.`);
    else if (!/^https?:/i.test(text)) say('error', 'The address starts with http:// or https://.');
    else if (/[?#]/.test(text)) say('error', 'The address has no query and no fragment; see query_parameters.');
    else if (/\/api\/v1(\/|$)/.test(text)) say('warning', 'This is the base address; /api/v1 and what follows is cut.');
    if (/^http:/i.test(text) && given(node, 'tls_config')) complain('tls_config', 'tls_config needs an https address.');
  }
}
