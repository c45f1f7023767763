/** All that the page knows, as signals, and what changes it. Views read; they keep no state of this kind. */
import { batch, computed, effect, signal } from '@preact/signals';
import { Client, Refusal, keepToken, settleToken } from './client';
import type { Completions, Diagnosis, MirrorRecord, MirrorRequest, Status, TapEntry, WireCondition } from './contract';
import { readAddress, writeAddress, type Pane } from './model/address';
import { makeBundle, openBundle, type Support } from './model/bundle';
import { isObject } from './model/details';
import { parse } from './model/json';
import type { Asked } from './model/promql-client';
import { emptyQuery, fromRequest, problem, refined, toRequest, withConditions, type Condition, type Query } from './model/query';
import { parseMoment } from './model/time';

// ---- the token ------------------------------------------------------------------------------

const surroundings = () => ({
  hash: location.hash,
  replace: (hash: string) => history.replaceState(null, '', location.pathname + location.search + hash),
  store: sessionStorage,
});

export const token = signal<string | null>(settleToken(surroundings()));
/** Set by each 401; `wrong` if a token was sent. */
export const refused = signal<null | 'missing' | 'wrong'>(null);

export const base = new URL('../', location.href.split('#')[0]!).href;
export const client = new Client(base, () => token.value, () => {
  refused.value = token.value ? 'wrong' : 'missing';
});

export async function giveToken(given: string) {
  token.value = given;
  keepToken(sessionStorage, given);
  refused.value = null;
  completions.clear();
  await refreshStatus();
}

// ---- what is announced to those who do not see it ------------------------------------------------

export const announced = signal('');
export const announce = (text: string) => {
  announced.value = text;
};

export function sayError(error: unknown): { id: string | null; message: string } {
  if (error instanceof Refusal) return { id: error.id, message: error.message };
  return { id: null, message: error instanceof Error ? error.message : String(error) };
}

// ---- the clock and the status --------------------------------------------------------------------

export const now = signal(Date.now());

export type Loaded<T> =
  | { state: 'loading'; value: T | null }
  | { state: 'here'; value: T }
  | { state: 'failed'; value: T | null; id: string | null; message: string };

export const status = signal<Loaded<Status>>({ state: 'loading', value: null });

export async function refreshStatus() {
  try {
    const value = await client.status();
    status.value = { state: 'here', value };
    now.value = Date.now();
  } catch (error) {
    status.value = { state: 'failed', value: status.value.value, ...sayError(error) };
  }
}

// ---- the connection: in memory, nowhere else -------------------------------------------------------

export const detailsText = signal('');
/** A named connection, or null: the details of the editor. */
export const chosen = signal<string | null>(null);

export const details = computed<unknown>(() => {
  if (chosen.value !== null) return { connection: chosen.value };
  const parsed = detailsText.value.trim() ? parse(detailsText.value) : null;
  return parsed?.ok && isObject(parsed.node.value) ? parsed.node.value : null;
});

export const connectionText = computed(() => {
  if (chosen.value !== null) return chosen.value;
  const given = details.value;
  if (!isObject(given)) return null;
  const named = given.connection ?? given.url ?? given.host;
  return typeof named === 'string' ? named.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1') : 'details';
});

export const named = computed(() => status.value.value?.connections?.map(({ name }) => name) ?? []);

// A mirror with one connection leaves nothing to choose.
effect(() => {
  if (chosen.peek() === null && !detailsText.peek() && named.value.length === 1) chosen.value = named.value[0]!;
});

// ---- query and pane, and their twin in the address ---------------------------------------------------

const opened = readAddress(location.hash);
export const pane = signal<Pane>(opened.pane ?? 'workbench');
export const query = signal<Query>(opened.query ?? emptyQuery);

effect(() => {
  const hash = writeAddress(pane.value, query.value);
  if (location.hash !== hash) surroundings().replace(hash);
});

addEventListener('hashchange', () => {
  const settled = settleToken(surroundings());
  if (settled && settled !== token.value) void giveToken(settled);
  const { pane: name, query: asked } = readAddress(location.hash);
  batch(() => {
    if (name) pane.value = name;
    if (asked) query.value = asked;
  });
});

export const change = (part: Partial<Query>) => {
  query.value = { ...query.value, ...part };
};

/** Shows a pane and puts the focus on its heading, where a screen reader goes on reading. */
export function show(name: Pane) {
  pane.value = name;
  requestAnimationFrame(() => document.getElementById(`pane-${name}`)?.focus());
}

// ---- a run and what came of it ---------------------------------------------------------------------

export interface Outcome {
  record: MirrorRecord;
  /** Where it came from, in words. */
  source: string;
  request: MirrorRequest | null;
  /** Of the page's own clock, for the time until the chart stands. */
  answered: number;
}

export type Run =
  | { state: 'idle' }
  | { state: 'running'; what: string; before: Outcome | null }
  | { state: 'done'; outcome: Outcome }
  | { state: 'failed'; id: string | null; message: string };

export const run = signal<Run>({ state: 'idle' });
export const outcome = computed<Outcome | null>(() => (run.value.state === 'done' ? run.value.outcome : null));

export type Why = { state: 'none' } | { state: 'asking' } | { state: 'here'; diagnosis: Diagnosis } | { state: 'failed'; id: string | null; message: string };
export const why = signal<Why>({ state: 'none' });

/** The fragment or condition that is pointed at, and the one that was pinned by a click. */
export const pointed = signal<string | null>(null);
export const pinned = signal<string | null>(null);
export const marked = computed(() => pointed.value ?? pinned.value);

let running: AbortController | null = null;

async function perform(what: string, source: string, request: MirrorRequest | null, ask: (signal: AbortSignal) => Promise<MirrorRecord>) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  batch(() => {
    run.value = { state: 'running', what, before: outcome.value };
    why.value = { state: 'none' };
    pinned.value = null;
    pointed.value = null;
  });
  announce(`${what}…`);
  try {
    const record = await ask(mine.signal);
    if (mine.signal.aborted) return;
    run.value = { state: 'done', outcome: { record, source, request, answered: performance.now() } };
    announce(outcomeText(record));
  } catch (error) {
    if (mine.signal.aborted) return;
    run.value = { state: 'failed', ...sayError(error) };
    announce(sayError(error).message);
  } finally {
    if (running === mine) {
      running = null;
      intoSight();
    }
  }
}

/** Where the panes stand below one another, what came of a run lies out of sight. */
function intoSight() {
  if (!matchMedia('(max-width: 999px)').matches) return;
  requestAnimationFrame(() => document.getElementById('pane-result')?.scrollIntoView({ block: 'start' }));
}

export function cancel() {
  if (!running) return;
  running.abort();
  running = null;
  run.value = { state: 'idle' };
  announce('Cancelled.');
}

/** Why nothing can be sent now; null if it can. */
export function obstacle(): string | null {
  return details.value === null ? 'Choose a connection, or write its details in the editor.' : problem(query.value, Date.now());
}

export async function runQuery(dry = false) {
  const stop = obstacle();
  if (stop) {
    batch(() => {
      run.value = { state: 'failed', id: null, message: stop };
      why.value = { state: 'none' };
    });
    announce(stop);
    return;
  }
  if (!['workbench', 'result', 'ladder'].includes(pane.value)) pane.value = 'workbench';
  const request = toRequest(query.value, details.value, Date.now());
  await perform(dry ? 'Planning' : 'Running', dry ? 'plan, nothing sent' : 'run', request, (signal) => client.explain(request, dry, signal));
}

export async function askWhy() {
  const stop = obstacle();
  if (stop) {
    run.value = { state: 'failed', id: null, message: stop };
    announce(stop);
    return;
  }
  why.value = { state: 'asking' };
  announce('Looking for the cause…');
  try {
    const diagnosis = await client.diagnose(toRequest(query.value, details.value, Date.now()));
    why.value = { state: 'here', diagnosis };
    announce(diagnosis.findings[0]?.text ?? (diagnosis.not_empty ? 'The selection is not empty.' : 'No cause was found.'));
  } catch (error) {
    why.value = { state: 'failed', ...sayError(error) };
    announce(sayError(error).message);
  }
}

/** Adds what a suggestion says and runs again. */
export async function applySuggestion(conditions: Condition[]) {
  query.value = refined(query.value, conditions);
  await runQuery();
}

/** Takes a proved list of conditions for the query's own and runs again. */
export async function applyConditions(conditions: WireCondition[]) {
  query.value = withConditions(query.value, conditions);
  await runQuery();
}

export async function applyExpression(expression: string) {
  query.value = { ...query.value, kind: 'tilde', metric: '', expression, conditions: [] };
  await runQuery();
}

export function outcomeText(record: MirrorRecord): string {
  const { outcome: came, stages } = record;
  if (came.error) return `${came.error.summary ?? came.error.type ?? 'Failed'} ${came.error.details ?? ''}`.trim();
  const points = stages.response?.points ?? 0;
  if (came.result === 'empty') return 'The answer is empty.';
  return `${points} ${points === 1 ? 'point' : 'points'}${came.result === 'partial' ? ', partial' : ''}.`;
}

/** Drops what came of the last run. */
export function forget() {
  batch(() => {
    run.value = { state: 'idle' };
    why.value = { state: 'none' };
    pane.value = 'workbench';
  });
}

// ---- the tap ---------------------------------------------------------------------------------------

/** An entry whose connection held secrets cannot be sent again without them. */
export const wantsDetails = signal<TapEntry | null>(null);

export async function replay(entry: TapEntry, at: 'now' | 'then') {
  const given = entry.connection_had_secrets ? (chosen.value === null ? details.value : null) : null;
  if (entry.connection_had_secrets && given === null) {
    wantsDetails.value = entry;
    return;
  }
  pane.value = 'result';
  let request: MirrorRequest | null = null;
  await perform('Replaying', at === 'now' ? 'replayed now' : 'replayed at its own time', null, async (signal) => {
    const full = await client.entry(entry.id);
    request = full.request ?? null;
    const asked = request && fromRequest(request);
    if (asked) query.value = at === 'now' ? movedToNow(asked) : asked;
    return client.replay(entry.id, given, at, signal);
  });
}

/** The same length of time, ending now. */
function movedToNow(asked: Query): Query {
  const from = Number(asked.from);
  const to = Number(asked.to);
  if (!(to > from)) return asked;
  return { ...asked, from: `now-${Math.round((to - from) / 1000)}s`, to: 'now' };
}

export async function openEntry(entry: TapEntry) {
  try {
    const full = entry.request ? entry : await client.entry(entry.id);
    const asked = full.request ? fromRequest(full.request) : null;
    batch(() => {
      if (entry.alias && named.value.includes(entry.alias)) chosen.value = entry.alias;
      if (asked) query.value = asked;
      run.value = { state: 'idle' };
      why.value = { state: 'none' };
    });
    show(asked ? 'workbench' : 'connections');
    announce(asked ? 'The request stands in the workbench.' : 'This was a connection test.');
  } catch (error) {
    announce(sayError(error).message);
    run.value = { state: 'failed', ...sayError(error) };
    show('result');
  }
}

// ---- completions -----------------------------------------------------------------------------------

const completions = new Map<string, { at: number; answer: Promise<Completions> }>();

/** The same question within half a minute is asked once. */
export function complete(asked: Asked): Promise<Completions> {
  const given = details.value;
  if (given === null) return Promise.reject(new Refusal(0, null, 'No connection is chosen.'));
  const at = Date.now();
  const from = parseMoment(query.value.from, at);
  const to = parseMoment(query.value.to, at);
  // To the half minute, so that `now` does not make each question a new one.
  const rounded = (moment: typeof from) => (moment.ok ? Math.floor(moment.at / 30_000) * 30_000 : 0);
  const body = { connection_details: given, limit: 50, prefix: '', ...asked, start: rounded(from), end: rounded(to) };
  const key = JSON.stringify(body);
  const kept = completions.get(key);
  if (kept && at - kept.at < 30_000) return kept.answer;
  const answer = client.complete(body);
  if (completions.size > 200) completions.clear();
  completions.set(key, { at, answer });
  answer.catch(() => completions.delete(key));
  return answer;
}

// ---- bundles ---------------------------------------------------------------------------------------

export function bundleText(points: boolean): string | null {
  const came = outcome.value;
  if (!came) return null;
  const diagnosis = why.value.state === 'here' ? why.value.diagnosis : null;
  return JSON.stringify(makeBundle(came.record, diagnosis, status.value.value?.build ?? null, points), null, 2);
}

/** A bundle for support that was opened. */
export const support = signal<{ name: string; of: Support } | null>(null);

/** Far more than a bundle with 11,000 points has; what is larger is another file. */
const mostBytes = 64 * 1024 * 1024;

export async function takeFile(file: File) {
  if (file.size > mostBytes) return failed('The file is too large for a bundle.');
  let text: string;
  try {
    text = await file.text();
  } catch {
    return failed('The file cannot be read.');
  }
  takeBundle(text, file.name);
}

function failed(why: string) {
  run.value = { state: 'failed', id: null, message: why };
  show('result');
  announce(why);
}

export function takeBundle(text: string, name: string) {
  const opened = openBundle(text);
  if (!opened.ok) {
    failed(`${name}: ${opened.why}`);
    return;
  }
  running?.abort();
  if ('support' in opened) {
    batch(() => {
      run.value = { state: 'idle' };
      why.value = { state: 'none' };
      support.value = { name, of: opened.support };
    });
    show('result');
    announce(`Bundle opened. ${opened.support.requests.length} requests.`);
    return;
  }
  const { record, diagnosis, build } = opened.bundle;
  batch(() => {
    support.value = null;
    run.value = {
      state: 'done',
      outcome: { record, source: `bundle ${name}${build ? `, made by ${build.version}${build.revision ? ` (${build.revision.slice(0, 7)})` : ''}` : ''}`, request: null, answered: performance.now() },
    };
    why.value = diagnosis ? { state: 'here', diagnosis } : { state: 'none' };
    pinned.value = null;
  });
  show('result');
  announce(`Bundle opened. ${outcomeText(record)}`);
}
