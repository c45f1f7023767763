import { useSignal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import type { MirrorAnswer, MirrorRecord } from '../contract';
import { chart, facts, glance, rows } from '../model/series';
import { durationText } from '../model/time';
import { askWhy, bundleText, details, outcome, run, show, support, takeFile, why, type Outcome } from '../state';
import { Chart } from '../widgets/chart';
import { Code, CopyButton, Failed, Nothing, PaneHead, Waiting, counted } from '../widgets/parts';
import { Numbers } from '../widgets/numbers';
import { AmbiguityTable } from './ambiguity';
import { Diagnosis } from './diagnosis';
import { SupportBundle } from './support';

export function Result() {
  const came = run.value;
  const shown = outcome.value ?? (came.state === 'running' ? came.before : null);
  return (
    <section class="pane" aria-labelledby="pane-result" aria-busy={came.state === 'running'} data-run={came.state}>
      <PaneHead id="result" title="Result">
        {shown && <Summary of={shown} />}
        <Bundles />
      </PaneHead>
      {came.state === 'running' && <div class="progress" role="progressbar" aria-label={came.what} />}
      <Diagnosis />
      <SupportBundle />
      {came.state === 'idle' && why.value.state === 'none' && support.value === null && (
        <Nothing title="Nothing was run yet">
          Choose a metric and press <kbd>Enter</kbd>, open a request of the tap, or drop a bundle here.
        </Nothing>
      )}
      {came.state === 'failed' && (
        <Failed id={came.id} message={came.message}>
          {details.value === null && <button type="button" onClick={() => show('editor')}>Write connection details</button>}
        </Failed>
      )}
      {came.state === 'running' && !shown && <Waiting>{came.what}…</Waiting>}
      {shown && <div class={came.state === 'running' ? 'answer old' : 'answer'}><Answer of={shown} /></div>}
    </section>
  );
}

function Summary({ of }: { of: Outcome }) {
  const { stages, outcome: end } = of.record;
  const calls = stages.calls ?? [];
  const ms = calls.reduce((sum, call) => sum + (call.ms ?? 0), 0);
  const tone = end.result === 'ok' ? 'good' : end.result === 'error' ? 'bad' : 'warn';
  return (
    <span class="summary">
      <span class={`chip ${tone}`} data-result={end.result}><i class="dot" aria-hidden="true" />{end.result}</span>
      {stages.response?.points != null && <span>{counted(stages.response.points, 'point')}</span>}
      {stages.reduction?.series_in != null && <span>{counted(stages.reduction.series_in, 'series', 'series')}</span>}
      {calls.length > 0 && <span>{counted(calls.length, 'call')}{ms ? `, ${Math.round(ms)} ms` : ''}</span>}
      {of.source !== 'run' && <span class="dim">{of.source}</span>}
    </span>
  );
}

function Answer({ of }: { of: Outcome }) {
  const { record } = of;
  const { outcome: end, stages } = record;
  const failure = end.error;
  return (
    <>
      {failure && (
        <div class="box bad" data-error={failure.id ?? ''}>
          <p><strong>{failure.summary ?? failure.type}</strong> <Code id={failure.id} /></p>
          {/* The id that ends the text stands beside the summary. */}
          <p class="break">{failure.details?.replace(/\s*\[PM-\d{4}\]$/, '')}</p>
          {['PM-2002', 'PM-2004', 'PM-2005'].includes(failure.id ?? '') && <button type="button" onClick={() => void askWhy()}>Why is it empty?</button>}
        </div>
      )}
      {stages.response?.is_partial && <p class="box warn">Partial: {stages.response.partial_because ?? 'something was cut'}. StackState asks again from the last point.</p>}
      {end.ambiguity && <AmbiguityTable of={end.ambiguity} failed={failure?.id === 'PM-2001'} key={JSON.stringify(end.ambiguity.tuples)} />}
      <Notices of={record} />
      {record.answer ? <Body answer={record.answer} record={record} answered={of.answered} /> : null}
      {!record.answer && !failure && (
        <Nothing title={stages.calls?.some((call) => call.status != null) ? 'No points in this file' : 'A plan'}>
          {stages.calls?.some((call) => call.status != null) ? 'A bundle holds points only if they were asked for. The ladder shows the rest.' : 'Nothing was sent. The ladder shows what would be.'}
        </Nothing>
      )}
    </>
  );
}

function Notices({ of }: { of: MirrorRecord }) {
  const all = of.notices ?? [];
  if (all.length === 0) return null;
  return <ul class="notes" aria-label="Notices">{all.map(({ id, text }) => <li key={id + text}><Code id={id} /> {text}</li>)}</ul>;
}

function Body({ answer, record, answered }: { answer: MirrorAnswer; record: MirrorRecord; answered: number }) {
  if (answer.fields) return <Listing title="fields" of={answer.fields.map((field) => [field.fieldName, field.fieldType, field.classified ? 'classified' : ''])} />;
  if (answer.values) return <Listing title="values" of={answer.values.map((value) => [value.value, value._type === 'FieldValuePattern' ? 'pattern' : ''])} />;
  if (answer.telemetry) return <Points answer={answer} record={record} answered={answered} />;
  return null;
}

function Points({ answer, record, answered }: { answer: MirrorAnswer; record: MirrorRecord; answered: number }) {
  const all = useMemo(() => rows(answer), [answer]);
  const drawn = useMemo(() => chart(all), [all]);
  const known = useMemo(() => facts(all, drawn), [all, drawn]);
  const reduction = record.stages.reduction;
  const nan = reduction?.nan ?? 0;
  const marks = reduction?.nan_at ?? [];
  if (!known) {
    return (
      <Nothing title="No points">
        The query was answered, and holds nothing in this range. <button type="button" onClick={() => void askWhy()}>Why is it empty?</button>
      </Nothing>
    );
  }
  const bucket = record.stages.plan?.bucket_ms;
  return (
    <>
      <Chart data={drawn} marks={marks} answered={answered} range={[record.stages.request?.start ?? null, record.stages.request?.end ?? null]}
        label={`${known.points} points, minimum ${glance(known.minimum)}, maximum ${glance(known.maximum)}, last ${glance(known.last)}`} />
      <p class="legend">
        <span><b>min</b> {glance(known.minimum)}</span><span><b>max</b> {glance(known.maximum)}</span><span><b>last</b> {glance(known.last)}</span>
        {bucket && drawn.stepped && <span><b>bucket</b> {durationText(bucket)}</span>}
        {known.gaps > 0 && <span>{counted(known.gaps, 'gap')}</span>}
        {nan > 0 && <span class="warn-text"><i class="nan-mark" aria-hidden="true" />{nan} NaN{reduction?.nan_became ? `, ${reduction.nan_became === 'zero' ? 'read as 0' : reduction.nan_became}` : ''}</span>}
      </p>
      <Numbers rows={all} marks={marks} />
    </>
  );
}

function Listing({ title, of }: { title: string; of: string[][] }) {
  const all = useSignal(false);
  const shown = all.value ? of : of.slice(0, 200);
  if (of.length === 0) return <Nothing title={`No ${title}`}>The answer holds none.</Nothing>;
  return (
    <>
      <p class="legend"><span><b>{of.length.toLocaleString('en')}</b> {title}</span></p>
      <div class="scroll short" tabIndex={0} role="region" aria-label={title}>
        <table><tbody>{shown.map((cells) => <tr key={cells[0]}>{cells.map((cell, index) => index === 0 ? <td key={index} class="mono break">{cell || '(empty)'}</td> : <td key={index} class="dim">{cell.toLowerCase()}</td>)}</tr>)}</tbody></table>
      </div>
      {shown.length < of.length && <button type="button" onClick={() => { all.value = true; }}>Show all {of.length.toLocaleString('en')}</button>}
    </>
  );
}

function Bundles() {
  const file = useRef<HTMLInputElement>(null);
  const points = useSignal(false);
  const can = outcome.value !== null;
  const save = () => {
    const text = bundleText(points.value);
    if (!text) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = `mirror-bundle-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.json`;
    link.click();
    // The download reads the address after this turn.
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <span class="bundles">
      {can && (
        <>
          <label class="check" title="Points are data of the backend"><input type="checkbox" checked={points.value} onChange={(event) => { points.value = event.currentTarget.checked; }} />with points</label>
          <button type="button" class="small" onClick={save}>Save bundle</button>
          <CopyButton small text={() => JSON.stringify(outcome.value?.record.answer ?? outcome.value?.record, null, 2)}>Copy answer</CopyButton>
        </>
      )}
      <button type="button" class="small" onClick={() => file.current?.click()}>Open bundle</button>
      <input ref={file} id="bundle-file" type="file" accept="application/json,.json" hidden aria-label="Bundle file" onChange={async (event) => {
        const given = event.currentTarget.files?.[0];
        if (given) await takeFile(given);
        // So that the same file can be opened again.
        if (file.current) file.current.value = '';
      }} />
    </span>
  );
}
