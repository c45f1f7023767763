import { computed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Completions } from '../contract';
import { asCommand, asConditions, asCurl, asRequest } from '../model/copy';
import { count, countText, type Count } from '../model/counts';
import { emptyQuery, kindOf, kinds, methods, problem, subject, wireConditions, type Ask, type Condition, type Kind, type Value } from '../model/query';
import { durationText, parseDuration, parseMoment, momentText } from '../model/time';
import { askWhy, base, cancel, change, chosen, complete, connectionText, detailsText, named, now, query, run, runQuery, show, token } from '../state';
import { details } from '../state';
import { LazyEditor } from '../widgets/lazy-editor';
import { CopyButton, PaneHead } from '../widgets/parts';
import { Search } from '../widgets/search';

const load = () => import('../editors/promql').then(({ mount }) => mount);

const asks: Record<Ask, string> = { metric: 'Points', field_names: 'Field names', field_values: 'Field values' };

const expression = computed(() => query.value.expression);

export function Workbench() {
  const asked = query.value;
  const running = run.value.state === 'running';
  const place = () => ({ base: base.replace(/\/$/, ''), hasToken: token.value !== null });
  return (
    <section class="pane" aria-labelledby="pane-workbench">
      <PaneHead id="workbench" title="Workbench">
        <button type="button" class="link" onClick={() => { query.value = emptyQuery; }}>Clear</button>
      </PaneHead>
      <form class="form" onSubmit={(event) => { event.preventDefault(); void runQuery(); }}>
        <Connection />
        <Choices label="Ask for" name="ask" value={asked.ask} of={Object.entries(asks) as [Ask, string][]} onPick={(ask) => change({ ask })} />
        {asked.ask === 'field_values' && <FieldAsked />}
        <Choices label="Kind" name="kind" value={asked.kind} of={kinds.map((kind) => [kind, kind === 'tilde' ? '~ PromQL' : kind])} onPick={(kind) => change(kindChanged(kind))} />
        {asked.kind === 'tilde'
          ? <div class="field"><span class="label">PromQL</span><LazyEditor id="expression" label="PromQL query" text={expression} onText={(text) => change({ expression: text })} onEnter={() => void runQuery()} load={load} /></div>
          : <Metric />}
        <Conditions />
        {asked.ask === 'metric' && <Aggregation />}
        <Range />
        <div class="actions">
          <button type="submit" class="primary" aria-keyshortcuts="Enter" disabled={running}>{running ? 'Running…' : 'Run'}</button>
          {running && <button type="button" onClick={cancel}>Cancel</button>}
          <button type="button" onClick={() => void askWhy()}>Why is it empty?</button>
          <button type="button" onClick={() => void runQuery(true)} title="Shows the calls, sends nothing">Plan only</button>
        </div>
        <div class="actions quiet" role="group" aria-label="Copy as">
          <span class="dim">Copy as</span>
          <CopyButton small text={() => asConditions(query.value)}>conditions</CopyButton>
          <CopyButton small text={() => asRequest(query.value, details.value, Date.now())}>request</CopyButton>
          <CopyButton small text={() => asCommand(query.value, details.value, place())}>command</CopyButton>
          <CopyButton small text={() => asCurl(query.value, details.value, Date.now(), place())}>curl</CopyButton>
        </div>
      </form>
    </section>
  );
}

/** Between PromQL and a metric the text goes along where it can be read as a name. */
function kindChanged(kind: Kind) {
  const { metric, expression } = query.value;
  if (kind === 'tilde') return { kind, expression: expression || metric };
  return { kind, metric: metric || (/^[a-zA-Z_:][\w:]*$/.test(expression) ? expression : '') };
}

function Connection() {
  const names = named.value;
  return (
    <div class="field">
      <label for="connection">Connection</label>
      <div class="row tight">
        <select id="connection" class="grow" value={chosen.value === null ? '' : `c:${chosen.value}`} onChange={(event) => {
          const value = event.currentTarget.value;
          chosen.value = value.startsWith('c:') ? value.slice(2) : null;
          if (value === '' && !detailsText.value.trim()) show('editor');
        }}>
          <option value="">{detailsText.value.trim() ? `Editor: ${chosen.value === null ? (connectionText.value ?? 'not readable') : 'details'}` : 'Details of the editor…'}</option>
          {names.map((name) => <option value={`c:${name}`} key={name}>{name}</option>)}
        </select>
        <button type="button" onClick={() => show('editor')}>Edit</button>
      </div>
    </div>
  );
}

function Choices<T extends string>({ label, name, value, of, onPick }: { label: string; name: string; value: T; of: [T, string][]; onPick: (value: T) => void }) {
  return (
    <fieldset class="field choices">
      <legend>{label}</legend>
      <div class="segments">
        {of.map(([one, text]) => (
          <label key={one} class={one === value ? 'on' : ''}>
            <input type="radio" name={name} value={one} checked={one === value} onChange={() => onPick(one)} /><span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const kindOfType: Record<string, Kind> = { counter: 'counter', gauge: 'gauge', histogram: 'histogram', summary: 'summary' };

/** Short lists are fetched whole and searched here, in the middle of names as well. */
async function metrics(text: string): Promise<Completions> {
  const conditions = wireConditions({ ...query.value, metric: '', expression: '' });
  const all = await complete({ what: 'metrics', limit: 2000, conditions });
  const typed = text.trim().toLowerCase();
  if (all.items.length < all.total) return complete({ what: 'metrics', prefix: text.trim(), limit: 50, conditions });
  const words = typed.split(/\s+/);
  const fitting = all.items.filter(({ value, help }) => words.every((word) => value.toLowerCase().includes(word) || (word.length > 3 && help?.toLowerCase().includes(word))));
  const rank = (value: string) => (value.toLowerCase().startsWith(typed) ? 0 : value.toLowerCase().includes(typed) ? 1 : 2);
  fitting.sort((a, b) => rank(a.value) - rank(b.value) || (a.value < b.value ? -1 : 1));
  return { items: fitting.slice(0, 50), total: fitting.length, is_partial: all.is_partial };
}

/** How many series each has that meet the conditions. A long list was not counted. */
async function counts(items: Completions['items']): Promise<Completions['items']> {
  if (items.every(({ series }) => series != null)) return items;
  const conditions = wireConditions({ ...query.value, metric: '', expression: '' });
  const known = await complete({ what: 'metrics', names: items.map(({ value }) => value), conditions });
  const series = new Map(known.items.map((item) => [item.value, item.series]));
  return items.map((item) => ({ ...item, series: series.get(item.value) ?? null }));
}

function Metric() {
  const { metric } = query.value;
  return (
    <div class="field">
      <Search id="metric" label="Metric" value={metric} placeholder="search (Ctrl K)" load={metrics} enrich={counts}
        onText={(text) => change({ metric: text.trim() })}
        onPick={(item) => {
          const kind = kindOfType[item.type ?? ''];
          if (kind) change({ metric: item.value, kind });
        }}
      />
    </div>
  );
}

function FieldAsked() {
  const { field, prefix } = query.value;
  return (
    <div class="two">
      <Search id="field" label="Field" value={field} load={labelNames(-1)} onText={(text) => change({ field: text })} />
      <label>Prefix<input type="text" value={prefix} spellcheck={false} onInput={(event) => change({ prefix: event.currentTarget.value })} /></label>
    </div>
  );
}

/** All conditions but one: what narrows the suggestions for that one. */
const others = (index: number) => wireConditions({ ...query.value, conditions: query.value.conditions.filter((_, at) => at !== index) });

const labelNames = (index: number) => async (text: string): Promise<Completions> => {
  const all = await complete({ what: 'label_names', limit: 1000, conditions: others(index) });
  const typed = text.trim().toLowerCase();
  const items = all.items.filter(({ value }) => value.toLowerCase().includes(typed) && kindOf(value) === null && value !== '__name__');
  return { items: items.slice(0, 50), total: items.length, is_partial: all.is_partial };
};

const labelValues = (index: number, label: string) => async (text: string): Promise<Completions> => {
  // Without a label there is nothing to ask for yet.
  if (!label) return { items: [], total: 0 };
  const asked = { what: 'label_values' as const, label, conditions: others(index) };
  const all = await complete({ ...asked, limit: 1000 });
  if (all.items.length < all.total) return complete({ ...asked, prefix: text, limit: 50 });
  const typed = text.trim().toLowerCase();
  const items = all.items.filter(({ value }) => value.toLowerCase().includes(typed));
  return { items: items.slice(0, 50), total: items.length, is_partial: all.is_partial };
};

function Conditions() {
  const all = query.value.conditions;
  const list = useRef<HTMLDivElement>(null);
  const replace = (index: number, next: Condition | null) =>
    change({ conditions: all.flatMap((one, at) => (at === index ? (next ? [next] : []) : [one])) });
  const add = () => {
    change({ conditions: [...all, { key: '', value: '' }] });
    requestAnimationFrame(() => list.current?.querySelector<HTMLInputElement>('.condition:last-child input')?.focus());
  };
  return (
    <div class="field" role="group" aria-label="Conditions">
      <div class="row"><span class="label grow">Conditions</span><button type="button" class="small" onClick={add}>Add condition</button></div>
      <div ref={list} class="conditions">
        {all.map((one, index) => <ConditionRow one={one} index={index} key={index} onChange={(next) => replace(index, next)} />)}
      </div>
    </div>
  );
}

type Form = 'text' | 'number' | 'boolean' | 'set';

const formOf = (value: Value): Form =>
  Array.isArray(value) ? 'set' : typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text';

function converted(value: Value, form: Form): Value {
  const first = Array.isArray(value) ? (value[0] ?? '') : value;
  switch (form) {
    case 'set': return Array.isArray(value) ? value : value === '' ? [] : [value];
    case 'number': return Number(first) || 0;
    case 'boolean': return first === true || first === 'true';
    case 'text': return String(first);
  }
}

/** One member a line. A line that was a number before stays one. */
function members(text: string, before: Value): Value {
  const old = Array.isArray(before) ? before : [];
  return text.split('\n').map((line) => old.find((one) => String(one) === line) ?? line).filter((one) => one !== '');
}

function ConditionRow({ one, index, onChange }: { one: Condition; index: number; onChange: (next: Condition | null) => void }) {
  const form = formOf(one.value);
  const label = `condition ${index + 1}`;
  const typed = useSignal<string | null>(null);
  return (
    <div class="condition">
      <Search id={`key-${index}`} label={`Label of ${label}`} hideLabel placeholder="label" value={one.key} load={labelNames(index)} onText={(key) => onChange({ ...one, key })} />
      <select aria-label={`Comparison of ${label}`} value={form} onChange={(event) => onChange({ ...one, value: converted(one.value, event.currentTarget.value as Form) })}>
        <option value="text">=</option><option value="set">in</option><option value="number">= number</option><option value="boolean">= bool</option>
      </select>
      {form === 'text' && <Search id={`value-${index}`} label={`Value of ${label}`} hideLabel placeholder="value" value={String(one.value)} load={labelValues(index, one.key)} onText={(value) => onChange({ ...one, value })} />}
      {form === 'number' && <input type="number" step="any" aria-label={`Value of ${label}`} value={String(one.value)} onInput={(event) => { if (event.currentTarget.value !== '') onChange({ ...one, value: Number(event.currentTarget.value) }); }} />}
      {form === 'boolean' && <select aria-label={`Value of ${label}`} value={String(one.value)} onChange={(event) => onChange({ ...one, value: event.currentTarget.value === 'true' })}><option>true</option><option>false</option></select>}
      {form === 'set' && (
        <textarea aria-label={`Values of ${label}, one a line`} placeholder="one value a line" rows={Math.min(6, Math.max(2, (one.value as []).length + 1))}
          value={typed.value ?? (one.value as unknown[]).join('\n')}
          onInput={(event) => { typed.value = event.currentTarget.value; onChange({ ...one, value: members(event.currentTarget.value, one.value) }); }}
          onBlur={() => { typed.value = null; }} />
      )}
      <button type="button" class="icon" aria-label={`Remove ${label}`} title="Remove" onClick={() => onChange(null)}>×</button>
      <ConditionCount one={one} index={index} />
    </div>
  );
}

/** Asked a moment after the typing ends; a count that cannot be had is not shown. */
function ConditionCount({ one, index }: { one: Condition; index: number }) {
  const counted = useSignal<Count | null>(null);
  const connection = details.value;
  const key = JSON.stringify([one, others(index), connection !== null]);
  useEffect(() => {
    counted.value = null;
    if (!one.key || connection === null || one.value === '' || (Array.isArray(one.value) && one.value.length === 0)) return undefined;
    let gone = false;
    const timer = setTimeout(() => {
      count(one.key, one.value, others(index), complete).then((found) => { if (!gone) counted.value = found; }, () => {});
    }, 500);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key]);
  if (!counted.value) return null;
  return <p class={`count ${counted.value.matched === 0 ? 'warn-text' : 'dim'}`}>{countText(counted.value)}</p>;
}

function Aggregation() {
  const { aggregation } = query.value;
  const typed = useSignal<string | null>(null);
  const bucket = aggregation ? durationText(aggregation.bucket_ms) : '';
  const wrong = typed.value !== null && !parseDuration(typed.value);
  return (
    <div class="two">
      <label>Aggregation
        <select value={aggregation?.method ?? ''} onChange={(event) => {
          const method = event.currentTarget.value;
          change({ aggregation: method ? { method, bucket_ms: aggregation?.bucket_ms ?? 60_000 } : null });
        }}>
          <option value="">raw samples</option>
          {methods.map((method) => <option value={method} key={method}>{method}</option>)}
        </select>
      </label>
      <label>Bucket
        <input type="text" list="buckets" disabled={!aggregation} aria-invalid={wrong || undefined} value={typed.value ?? bucket} spellcheck={false}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            const size = parseDuration(event.currentTarget.value);
            if (size && aggregation) change({ aggregation: { ...aggregation, bucket_ms: size } });
          }}
          onBlur={() => { typed.value = null; }} />
        <datalist id="buckets">{['10s', '30s', '1m', '5m', '15m', '1h', '1d'].map((one) => <option value={one} key={one} />)}</datalist>
      </label>
    </div>
  );
}

const quick = ['15m', '1h', '6h', '1d', '7d'];

function Range() {
  const { from, to, limit } = query.value;
  const says = (text: string) => {
    const moment = parseMoment(text, now.value);
    return moment.ok ? momentText(Math.floor(moment.at / 1000) * 1000) : moment.why;
  };
  const good = (text: string) => parseMoment(text, now.value).ok;
  const wrong = subject(query.value) || query.value.ask !== 'metric' ? problem(query.value, now.value) : null;
  return (
    <>
      <fieldset class="field choices">
        <legend>Range</legend>
        <div class="segments">
          {quick.map((one) => {
            const on = from === `now-${one}` && to === 'now';
            return <button type="button" key={one} aria-pressed={on} class={on ? 'on' : ''} onClick={() => change({ from: `now-${one}`, to: 'now' })}>{one}</button>;
          })}
        </div>
      </fieldset>
      <div class="three">
        <label>From<input type="text" value={from} spellcheck={false} aria-invalid={!good(from) || undefined} title={says(from)} onInput={(event) => change({ from: event.currentTarget.value })} /></label>
        <label>To<input type="text" value={to} spellcheck={false} aria-invalid={!good(to) || undefined} title={says(to)} onInput={(event) => change({ to: event.currentTarget.value })} /></label>
        <label>Limit<input type="number" min={1} step={1} value={limit ?? ''} placeholder="none" onInput={(event) => {
          const text = event.currentTarget.value;
          change({ limit: /^\d+$/.test(text) ? Number(text) : null });
        }} /></label>
      </div>
      {wrong && <p class="bad-text small-text">{wrong}</p>}
    </>
  );
}
