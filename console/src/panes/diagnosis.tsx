import type { Diagnosis as Told, Finding } from '../contract';
import { argument, kinds, type Kind } from '../model/query';
import { applyConditions, change, why } from '../state';
import { Code, Failed, Waiting, counted } from '../widgets/parts';
import { AmbiguityTable } from './ambiguity';

export function Diagnosis() {
  const asked = why.value;
  if (asked.state === 'none') return null;
  return (
    <div class="why" role="region" aria-label="Why is it empty?">
      <div class="row">
        <h3 class="grow">Why is it empty?</h3>
        {asked.state !== 'asking' && <button type="button" class="icon" aria-label="Close the diagnosis" onClick={() => { why.value = { state: 'none' }; }}>×</button>}
      </div>
      {asked.state === 'asking' && <Waiting>Probing the backend, ten calls at most…</Waiting>}
      {asked.state === 'failed' && <Failed id={asked.id} message={asked.message} />}
      {asked.state === 'here' && <Report of={asked.diagnosis} />}
    </div>
  );
}

function Report({ of }: { of: Told }) {
  return (
    <>
      {of.findings.length === 0 && (
        <p class="box">{of.not_empty ? 'It is not empty: the selection has series with samples in this range.' : 'No cause was found.'}</p>
      )}
      {of.findings.map((finding) => <Cause finding={finding} key={finding.id + finding.text} />)}
      {of.ambiguity && <AmbiguityTable of={of.ambiguity} failed name="Series that the diagnosis found" />}
      <details class="probes">
        <summary>{of.calls} of {of.calls_allowed} calls, {Math.round(of.ms)} ms</summary>
        <ol class="steps">
          {of.probes.map((probe, index) => (
            <li key={index} class={probe.ok ? 'good' : 'bad'}>
              <span class="mark" aria-hidden="true">{probe.ok ? '✓' : '✕'}</span>
              <span class="step-name">{probe.probe}<span class="unseen">{probe.ok ? ': passed' : ': failed'}</span></span>
              <span class="grow break">{probe.text} <Code id={probe.error} />{probe.query && <code class="block">{probe.query}</code>}</span>
              <span class="num dim">{probe.ms == null ? '' : `${probe.ms.toFixed(1)} ms`}</span>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

function Cause({ finding }: { finding: Finding }) {
  const proved = finding.try;
  return (
    <div class={`cause ${finding.certainty}`} data-finding={finding.id}>
      <p><span class={`chip ${finding.certainty === 'certain' ? 'bad' : 'warn'}`}>{finding.certainty}</span> <strong class="break">{finding.text}</strong> <Code id={finding.id} /></p>
      {finding.fix && <p class="dim break">{finding.fix}</p>}
      {finding.nearest?.length ? (
        <p class="row tight"><span class="dim">Nearest</span>
          {finding.nearest.map(({ value, kind, series }) => {
            const text = <><span class="mono">{value}</span>{kind && <span class={`kind ${kind}`}>{kind}</span>}{series != null && <span class="dim">{counted(series, 'series', 'series')}</span>}</>;
            return finding.probe === 'metric'
              ? <button type="button" class="chip" key={value} onClick={() => change({ metric: value, ...(kinds.includes(kind as Kind) && kind !== 'tilde' ? { kind: kind as Kind } : {}) })}>{text}</button>
              : <span class="chip" key={value}>{text}</span>;
          })}
        </p>
      ) : null}
      {proved && (
        <button type="button" class="primary try" onClick={() => void applyConditions(proved)}>
          Try <code>{proved.map(({ key, value }) => argument({ key, value: value.value })).join('  ')}</code>
        </button>
      )}
    </div>
  );
}
