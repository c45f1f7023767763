import { useEffect } from 'preact/hooks';
import type { TapEntry } from '../contract';
import { distinct, matching, noFilter, type Filter } from '../model/tap';
import { agoText, clockText, momentText } from '../model/time';
import { now, openEntry, replay } from '../state';
import { entries, filter, live, refreshTap, ring, tapState } from '../tap';
import { Code, Failed, Nothing, PaneHead, Waiting, counted } from '../widgets/parts';

export function Tap() {
  useEffect(() => {
    void refreshTap();
    const timer = setInterval(() => {
      if (live.value && document.visibilityState === 'visible') void refreshTap();
    }, 2_000);
    return () => clearInterval(timer);
  }, []);
  const all = entries.value;
  const shown = matching(all, filter.value);
  const state = tapState.value;
  const set = (part: Partial<Filter>) => { filter.value = { ...filter.value, ...part }; };
  return (
    <section class="pane wide" aria-labelledby="pane-tap">
      <PaneHead id="tap" title="Tap">
        <span class="dim">what StackState sent: {counted(all.length, 'request')} of at most {ring.value.capacity}{ring.value.dropped ? `, ${ring.value.dropped} dropped` : ''}</span>
        <button type="button" class="live" aria-pressed={live.value} onClick={() => { live.value = !live.value; }}>
          <i class={`dot ${live.value ? 'pulse' : ''}`} aria-hidden="true" />{live.value ? 'Live' : 'Paused'}
        </button>
      </PaneHead>
      <div class="filters" role="search" aria-label="Filter the tap">
        <Choice label="Outcome" value={filter.value.outcome} of={distinct(all.map(({ outcome }) => outcome))} onChange={(outcome) => set({ outcome })} />
        <Choice label="Method" value={filter.value.method} of={distinct(all.map(({ method }) => method))} onChange={(method) => set({ method })} />
        <Choice label="Id" value={filter.value.code} of={distinct(all.flatMap(({ code, notices }) => [code, ...(notices ?? [])]))} onChange={(code) => set({ code })} />
        <label class="grow">Text
          <input type="search" value={filter.value.text} placeholder="query, host, request id" onInput={(event) => set({ text: event.currentTarget.value })} />
        </label>
      </div>
      {state.state === 'failed' && <Failed id={state.id ?? null} message={state.message ?? ''}><p class="dim">It is asked again every two seconds.</p></Failed>}
      {state.state === 'loading' && <Waiting>Asking for the last requests…</Waiting>}
      {state.state === 'here' && all.length === 0 && (
        <Nothing title={ring.value.capacity === 0 ? 'The tap is off' : 'Nothing came yet'}>
          {ring.value.capacity === 0
            ? <>Set <code>console.tap_entries</code> to see what StackState sends.</>
            : 'As soon as StackState asks this mirror for something, it stands here.'}
        </Nothing>
      )}
      {all.length > 0 && shown.length === 0 && (
        <Nothing title="Nothing fits the filter"><button type="button" onClick={() => { filter.value = noFilter; }}>Show all</button></Nothing>
      )}
      {shown.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Requests">
          <table class="tap">
            <thead><tr><th>Time</th><th>Method</th><th>Outcome</th><th>Connection</th><th class="query">Query</th><th class="right">Series</th><th class="right">Points</th><th class="right">ms</th><th>Cache</th><th><span class="unseen">Do</span></th></tr></thead>
            <tbody>{shown.map((entry) => <Row entry={entry} key={entry.id} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ entry }: { entry: TapEntry }) {
  const tone = entry.outcome === 'ok' ? 'good' : entry.outcome === 'partial' || entry.outcome === 'empty' ? 'warn' : 'bad';
  const text = entry.queries?.[0] ?? '';
  return (
    <tr data-entry={entry.id} onClick={(event) => { if (!(event.target as Element).closest('button')) void openEntry(entry); }}>
      <td class="nowrap" title={momentText(entry.at)}><span class="mono">{clockText(entry.at)}</span> <span class="dim since">{agoText(entry.at, now.value)}</span></td>
      <td class="nowrap">{entry.method.replaceAll('_', ' ')}</td>
      <td class="nowrap"><span class={`${tone}-text`}><i class={`dot ${tone}`} aria-hidden="true" />{entry.outcome}</span> <Code id={entry.code} />{entry.notices?.map((id) => <Code id={id} key={id} />)}</td>
      <td class="mono small-text break">{entry.alias ?? entry.host}</td>
      <td class="query">
        <button type="button" class="open mono" title={text} onClick={() => void openEntry(entry)}>
          <span class="unseen">Open in the workbench: </span>{text || '(no query)'}{(entry.queries?.length ?? 0) > 1 && <span class="dim"> and {entry.queries!.length - 1} more</span>}
        </button>
      </td>
      <td class="right num">{entry.series ?? ''}</td>
      <td class="right num">{entry.points?.toLocaleString('en') ?? ''}</td>
      <td class="right num">{entry.ms == null ? '' : entry.ms.toFixed(entry.ms < 10 ? 1 : 0)}</td>
      <td class="dim small-text nowrap">{entry.cache}</td>
      <td class="nowrap">
        <button type="button" class="small" onClick={() => void replay(entry, 'now')} aria-label={`Replay now, ${entry.id}`}>Replay</button>{' '}
        <button type="button" class="small" onClick={() => void replay(entry, 'then')} title="At its own time range" aria-label={`then: replay at its own time, ${entry.id}`}>then</button>
      </td>
    </tr>
  );
}

function Choice({ label, value, of, onChange }: { label: string; value: string; of: string[]; onChange: (value: string) => void }) {
  return (
    <label>{label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {of.map((one) => <option value={one} key={one}>{one.replaceAll('_', ' ')}</option>)}
      </select>
    </label>
  );
}
