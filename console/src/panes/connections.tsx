import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConnectionStatus, ConnectionTest, TapEntry } from '../contract';
import { agoText, durationText, momentText } from '../model/time';
import { announce, chosen, client, now, sayError, show, status } from '../state';
import { entries, refreshTap } from '../tap';
import { Code, Failed, Nothing, PaneHead, Waiting } from '../widgets/parts';

export type Tested = { state: 'testing' } | { state: 'here'; test: ConnectionTest } | { state: 'failed'; id: string | null; message: string };

export async function test(details: unknown, tell: (tested: Tested) => void) {
  tell({ state: 'testing' });
  announce('Testing…');
  try {
    const answer = await client.test(details);
    tell({ state: 'here', test: answer });
    const failed = answer.steps.find(({ ok }) => !ok);
    announce(answer.ok ? 'The connection works.' : `The connection fails at ${failed?.step ?? 'a step'}.`);
  } catch (error) {
    tell({ state: 'failed', ...sayError(error) });
  }
}

export function Connections() {
  const known = status.value;
  const all = known.value?.connections ?? [];
  useEffect(() => void refreshTap(), []);
  const strangers = aliases(entries.value, all);
  return (
    <section class="pane" aria-labelledby="pane-connections">
      <PaneHead id="connections" title="Connections" />
      {known.state === 'failed' && !known.value && <Failed id={known.id} message={known.message} />}
      {known.state === 'loading' && !known.value && <Waiting>Asking the mirror for its connections…</Waiting>}
      {known.value && all.length === 0 && (
        <Nothing title="No named connections">
          The mirror's configuration has none under <code>connections</code>. Write details in the editor instead.
        </Nothing>
      )}
      <ul class="cards">{all.map((one) => <Named one={one} key={one.name} />)}</ul>
      {strangers.length > 0 && (
        <>
          <h3>Seen in the tap</h3>
          <ul class="plain">
            {strangers.map(({ name, requests, last, code }) => (
              <li key={name} class="seen">
                <span class="mono">{name}</span>
                <span class="dim">{requests} requests, the last {agoText(last, now.value)}</span>
                <Code id={code} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Named({ one }: { one: ConnectionStatus }) {
  const tested = useSignal<Tested | null>(null);
  const used = chosen.value === one.name;
  const breaker = one.breaker ?? 'closed';
  const skew = one.clock_skew_ms;
  return (
    <li class={`card ${used ? 'used' : ''}`}>
      <div class="row">
        <div class="grow">
          <strong>{one.name}</strong>
          <div class="mono dim break">{one.host}</div>
        </div>
        <span class={`chip ${breaker === 'closed' ? 'good' : breaker === 'open' ? 'bad' : 'warn'}`}>
          <i class="dot" aria-hidden="true" />circuit {breaker.replace('_', ' ')}
        </span>
      </div>
      <div class="row small-text">
        {one.limit != null && <span>{one.in_use ?? 0} of {one.limit} in use</span>}
        {one.last_error ? <span>last error <Code id={one.last_error} /></span> : <span class="dim">no error</span>}
        {skew != null && <span class={Math.abs(skew) > 30_000 ? 'warn-text' : 'dim'}>clocks {durationText(Math.abs(skew))} apart</span>}
        {one.credential_expires_at != null && <Expiry what="credential" at={one.credential_expires_at} />}
        {one.certificate_expires_at != null && <Expiry what="certificate" at={one.certificate_expires_at} />}
      </div>
      <div class="row">
        <button type="button" disabled={used} onClick={() => { chosen.value = one.name; announce(`${one.name} is asked from now on.`); }}>
          {used ? 'In use' : 'Use'}
        </button>
        <button type="button" aria-label={`Test ${one.name}`} onClick={() => void test({ connection: one.name }, (next) => { tested.value = next; })}>Test</button>
        {used && <button type="button" class="link" onClick={() => show('workbench')}>To the workbench</button>}
      </div>
      <Steps tested={tested.value} />
    </li>
  );
}

function Expiry({ what, at }: { what: string; at: number }) {
  const left = at - now.value;
  return <span class={left < 7 * 86_400_000 && what === 'certificate' ? 'warn-text' : 'dim'} title={momentText(at)}>{what} {left > 0 ? `for ${durationText(Math.floor(left / 60_000) * 60_000) || '0m'}` : 'expired'}</span>;
}

/** The ladder of a connection test. */
export function Steps({ tested }: { tested: Tested | null }) {
  if (!tested) return null;
  if (tested.state === 'testing') return <Waiting>Climbing the ladder…</Waiting>;
  if (tested.state === 'failed') return <Failed id={tested.id} message={tested.message} />;
  const { test: answer } = tested;
  return (
    <div class="tested" data-tested={answer.ok ? 'ok' : 'failed'}>
      <ol class="steps" aria-label="Steps of the test">
        {answer.steps.map((step) => (
          <li key={step.step} class={step.ok ? (step.warning ? 'warn' : 'good') : 'bad'} data-step={step.step} data-ok={step.ok}>
            <span class="mark" aria-hidden="true">{step.ok ? (step.warning ? '!' : '✓') : '✕'}</span>
            <span class="step-name">{step.step}<span class="unseen">{step.ok ? ': passed' : ': failed'}</span></span>
            <span class="grow break">{step.text}{step.warning && <span class="warn-text"> {step.warning}</span>}</span>
            <span class="num dim">{step.ms == null ? '' : `${step.ms.toFixed(step.ms < 10 ? 1 : 0)} ms`}</span>
          </li>
        ))}
      </ol>
      {answer.error && <Failed id={answer.error.id ?? null} message={answer.error.details ?? 'The test failed.'} />}
      {answer.caller_identity && <p class="dim">The backend sees <code>{answer.caller_identity}</code>.</p>}
      {answer.warnings?.length ? <ul class="notes">{answer.warnings.map((text) => <li key={text}>{text}</li>)}</ul> : null}
      {answer.ok && <p class="good-text">The connection works.</p>}
    </div>
  );
}

function aliases(seen: TapEntry[], all: ConnectionStatus[]) {
  const known = new Set(all.map(({ name }) => name));
  const out = new Map<string, { name: string; requests: number; last: number; code: string | null }>();
  for (const entry of seen) {
    const name = entry.alias ?? entry.host;
    if (!name || known.has(name)) continue;
    const one = out.get(name) ?? { name, requests: 0, last: 0, code: null };
    one.requests += 1;
    one.last = Math.max(one.last, entry.at);
    one.code ??= entry.code ?? null;
    out.set(name, one);
  }
  return [...out.values()].sort((a, b) => b.last - a.last);
}
