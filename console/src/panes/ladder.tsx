import type { ComponentChildren } from 'preact';
import type { CallStage, ConditionStage, MirrorRecord, PromqlStage } from '../contract';
import { callAsCurl } from '../model/copy';
import { conditionIndex, originText, pieces } from '../model/fragments';
import { durationText, momentText } from '../model/time';
import { marked, outcome, pinned, pointed, run } from '../state';
import { Code, CopyButton, Facts, Nothing, PaneHead, counted } from '../widgets/parts';

export function Ladder() {
  const came = run.value;
  const record = (outcome.value ?? (came.state === 'running' ? came.before : null))?.record;
  return (
    <section class="pane" aria-labelledby="pane-ladder">
      <PaneHead id="ladder" title="Ladder"><span class="dim">what the mirror did, step by step</span></PaneHead>
      {record ? <Stages of={record} /> : <Nothing title="Seven stages">request, conditions, PromQL, plan, calls, reduction, response: after a run they stand here.</Nothing>}
    </section>
  );
}

function Stages({ of }: { of: MirrorRecord }) {
  const { request, conditions, promql, plan, calls, reduction, response } = of.stages;
  return (
    <ol class="ladder">
      <Stage number={1} title="request" summary={request && `${request.type}, ${request.aggregation ? `${request.aggregation.method} per ${durationText(request.aggregation.bucket_ms)}` : request.method === 'metric' ? 'raw' : request.method.replaceAll('_', ' ')}, profile ${request.profile}`}>
        {request && (
          <>
            <Facts of={[
              ['connection', request.connection && <>{request.connection.alias && <strong>{request.connection.alias} </strong>}<span class="mono">{request.connection.host}</span>{request.connection.form && <span class="dim"> ({request.connection.form} form)</span>}</>],
              ['range', request.start != null && request.end != null && <Between from={request.start} to={request.end} />],
              ['limit', request.limit],
              ['field', request.field],
              ['prefix', request.prefix],
              ['defaults', request.defaults?.length ? request.defaults.map(({ key, value }) => `${key} = ${value}`).join(', ') : null],
              ['ignored', request.ignored?.join(', ')],
            ]} />
            {request.warnings?.length ? <ul class="notes">{request.warnings.map((text) => <li key={text}>{text}</li>)}</ul> : null}
          </>
        )}
      </Stage>
      <Stage number={2} title="conditions" summary={conditions && counted(conditions.length, 'condition')}>
        {conditions?.map((one) => <ConditionLine one={one} key={one.index} />)}
      </Stage>
      <Stage number={3} title="PromQL" summary={promql && (promql.length ? counted(promql.length, 'query', 'queries') : 'none needed')}>
        {promql?.map((one) => <Query one={one} key={one.query} />)}
      </Stage>
      <Stage number={4} title="plan" summary={plan && [plan.kind, plan.strategy?.replaceAll('_', ' '), plan.dialect].filter(Boolean).join(', ')}>
        {plan && (
          <Facts of={[
            ['buckets', plan.buckets != null && `${plan.buckets.toLocaleString('en')}${plan.bucket_ms ? ` of ${durationText(plan.bucket_ms)}` : ''}`],
            ['first … last', plan.first != null && plan.last != null && <Between from={plan.first} to={plan.last} />],
            ['step', plan.step_ms != null && durationText(plan.step_ms)],
            ['instants', plan.instants != null && `${plan.instants.toLocaleString('en')}${(plan.chunks ?? 1) > 1 ? ` in ${plan.chunks} chunks` : ''}`],
            ['rate window', plan.rate_window_ms != null && <>{durationText(plan.rate_window_ms)}{plan.rate_window_why && <span class="dim"> {plan.rate_window_why}</span>}</>],
            ['scrape interval', plan.scrape_interval_ms != null && <>{durationText(plan.scrape_interval_ms)}{plan.scrape_interval_from && <span class={plan.scrape_interval_from === 'assumed' ? 'warn-text' : 'dim'}> {plan.scrape_interval_from}</span>}</>],
            ['deadline', plan.deadline_ms != null && durationText(plan.deadline_ms)],
          ]} />
        )}
      </Stage>
      <Stage number={5} title="calls" summary={calls && (calls.length ? `${counted(calls.length, 'call')}${calls.every((call) => call.status == null && !call.error) ? ', not sent' : ''}` : 'none')}>
        {calls?.map((call) => <Call call={call} key={call.call} />)}
      </Stage>
      <Stage number={6} title="reduction" summary={reduction && `${reduction.series_in ?? 0} → ${reduction.series_out ?? 0} series`}>
        {reduction && (
          <Facts of={[
            ['samples', reduction.samples?.toLocaleString('en')],
            ['NaN', reduction.nan ? `${reduction.nan}${reduction.nan_became ? `, ${reduction.nan_became === 'zero' ? 'became 0' : reduction.nan_became}` : ''}` : '0'],
            ['infinite', reduction.infinite ? `${reduction.infinite}${reduction.infinite_became ? `, ${reduction.infinite_became}` : ''}` : null],
            ['zero-filled', reduction.zero_filled ? counted(reduction.zero_filled, 'bucket') : null],
            ['combined', (reduction.combined ?? 0) > 1 ? counted(reduction.combined!, 'series', 'series') : null],
            ['cut by limit', reduction.cut_by_limit ? 'yes' : null],
          ]} />
        )}
      </Stage>
      <Stage number={7} title="response" summary={response && `${response.status} ${response.type}`}>
        {response && (
          <Facts of={[
            ['telemetry', response.telemetry],
            ['points', response.points?.toLocaleString('en')],
            ['first … last', response.first_point != null && response.last_point != null && <Between from={response.first_point} to={response.last_point} />],
            ['partial', response.is_partial ? (response.partial_because ?? 'yes') : null],
            ['error', response.error && <Code id={response.error} />],
            ['notices', response.notices?.length ? response.notices.map((id) => <Code id={id} key={id} />) : null],
          ]} />
        )}
      </Stage>
    </ol>
  );
}

/** Broken between the two, if anywhere. */
function Between({ from, to }: { from: number; to: number }) {
  return <><span class="nowrap">{momentText(from)} …</span> <span class="nowrap">{momentText(to)}</span></>;
}

function Stage({ number, title, summary, children }: { number: number; title: string; summary: string | false | null | undefined; children: ComponentChildren }) {
  const reached = summary !== null && summary !== undefined;
  return (
    <li class={reached ? 'stage' : 'stage missed'} data-stage={number}>
      <div class="rung"><span class="number" aria-hidden="true">{number}</span><h3>{title}</h3><span class="dim">{reached ? summary : 'not reached'}</span></div>
      {reached && <div class="stage-body">{children}</div>}
    </li>
  );
}

/** What lights up its counterparts while it is pointed at or has the focus, and stays lit when pressed. */
function linked(origin: string) {
  return {
    tabIndex: 0,
    role: 'button',
    'data-origin': origin,
    'aria-pressed': pinned.value === origin,
    onMouseEnter: () => { pointed.value = origin; },
    onMouseLeave: () => { pointed.value = null; },
    onFocus: () => { pointed.value = origin; },
    onBlur: () => { pointed.value = null; },
    onClick: () => { pinned.value = pinned.value === origin ? null : origin; },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        pinned.value = pinned.value === origin ? null : origin;
      }
    },
  } as const;
}

const became: Record<ConditionStage['became'], string> = {
  metric: 'metric name', matcher: 'matcher', appended: 'added to the query', left_out: 'left out', refused: 'refused',
};

function ConditionLine({ one }: { one: ConditionStage }) {
  const origin = `conditions[${one.index}]`;
  const lit = marked.value === origin || (one.key === '~' && marked.value === 'tilde');
  const value = Array.isArray(one.value) ? `{ ${one.value.join(', ')} }` : String(one.value ?? '');
  return (
    <div {...linked(one.key === '~' ? 'tilde' : origin)} class={`line hue-${one.index % 6} ${lit ? 'lit' : ''}`}>
      <span class="mono break"><b>{one.key}</b> = {value}</span>
      <span class={one.became === 'refused' ? 'bad-text' : 'dim'}>→ {one.key === '~' && one.became === 'metric' ? 'the query' : (became[one.became] ?? one.became)} {one.text && <code class="mono break">{one.text}</code>} <Code id={one.error} /></span>
    </div>
  );
}

function Query({ one }: { one: PromqlStage }) {
  return (
    <div class="promql">
      <div class="row tight"><span class="dim grow">{one.purpose.replaceAll('_', ' ')}</span><CopyButton small text={() => one.text}>Copy</CopyButton></div>
      <pre>{pieces(one.text, one.fragments ?? []).map((piece, index) => {
        if (piece.origin === null) return <span key={index}>{piece.text}</span>;
        const at = conditionIndex(piece.origin);
        return (
          <span key={index} {...linked(piece.origin)} title={originText(piece.origin)} aria-label={`${piece.text}, from ${originText(piece.origin)}`}
            class={`fragment ${at === null ? 'of-plan' : `hue-${at % 6}`} ${marked.value === piece.origin ? 'lit' : ''}`}>{piece.text}</span>
        );
      })}</pre>
    </div>
  );
}

function Call({ call }: { call: CallStage }) {
  const sent = call.status != null || call.error;
  const tone = call.error || (call.status ?? 200) >= 400 ? 'bad' : 'good';
  const proof = call.authentication;
  return (
    <details class="call">
      <summary>
        <span class="mono"><b>{call.verb}</b> {path(call.url)}</span>
        {sent ? <span class={`${tone}-text`}>{call.status ?? 'no answer'}</span> : <span class="dim">not sent</span>}
        <Code id={call.error} />
        <span class="dim num">{[call.ms != null && `${call.ms.toFixed(call.ms < 10 ? 1 : 0)} ms`, call.series != null && counted(call.series, 'series', 'series'), call.samples != null && counted(call.samples, 'sample')].filter(Boolean).join(' · ')}</span>
        {call.source && call.source !== 'backend' && <span class="chip">{call.source}</span>}
      </summary>
      <Facts of={[
        ['url', <span class="mono break">{call.url}</span>],
        ...call.parameters.map(([name, value], index): [string, ComponentChildren] => [name + ' '.repeat(index), <span class="mono break">{value}</span>]),
        ['authentication', proof && proof.kind !== 'none' && [proof.kind, proof.region, proof.service, proof.identity].filter(Boolean).join(', ')],
        ['bytes', call.bytes?.toLocaleString('en')],
        ['repeats', call.repeats || null],
        ['warnings', call.warnings?.join('; ')],
      ]} />
      <CopyButton small text={() => callAsCurl(call)}>Copy as curl</CopyButton>
    </details>
  );
}

const path = (url: string) => url.replace(/^[a-z]+:\/\/[^/]+/i, '');
