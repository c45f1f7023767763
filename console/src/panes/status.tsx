import type { Status } from '../contract';
import { agoText, durationText, momentText } from '../model/time';
import { base, now, refreshStatus, status } from '../state';
import { Code, Facts, Failed, PaneHead, Waiting } from '../widgets/parts';

export function StatusPane() {
  const known = status.value;
  const value = known.value;
  const given = value?.build.docs ?? '';
  // An address from elsewhere becomes a link only if it is one for browsers.
  const docs = /^https?:\/\//.test(given) ? given : null;
  return (
    <section class="pane wide" aria-labelledby="pane-status">
      <PaneHead id="status" title="Status">
        <button type="button" class="small" onClick={() => void refreshStatus()}>Ask again</button>
        <span class="links"><a href={`${base}metrics`}>/metrics</a><a href={`${base}openapi.json`}>/openapi.json</a><a href={`${base}schemas/connection-details.json`}>connection details schema</a><a href={`${base}-/ready`}>/-/ready</a>{docs && <a href={docs} rel="noreferrer">documentation</a>}</span>
      </PaneHead>
      {known.state === 'failed' && <Failed id={known.id} message={known.message} />}
      {!value && known.state === 'loading' && <Waiting>Asking…</Waiting>}
      {value && (
        <div class="grid">
          <div class="card">
            <h3>Process</h3>
            <Facts of={[
              ['version', value.build.version],
              ['revision', value.build.revision && <span class="mono">{value.build.revision}</span>],
              ['started', value.started_at != null && <span title={momentText(value.started_at)}>{momentText(value.started_at)}</span>],
              ['up', value.uptime_ms != null && durationText(Math.floor(value.uptime_ms / 1000) * 1000)],
              ['ready', value.ready ? <span class="good-text">yes</span> : <span class="bad-text">no{value.not_ready_because ? `: ${value.not_ready_because}` : ''}</span>],
            ]} />
          </div>
          <div class="card">
            <h3>Walls</h3>
            <Facts of={[
              ['callers', <Wall up={value.walls?.callers} />],
              ['upstreams', <Wall up={value.walls?.upstreams} />],
            ]} />
            {value.insecure?.length ? <p class="warn-text">{value.insecure.map((name) => name.replaceAll('_', ' ')).join(', ')}</p> : <p class="dim">{wallsText(value.walls)}</p>}
          </div>
          <div class="card">
            <h3>Configuration</h3>
            {value.reload
              ? <>
                  <p>{value.reload.ok ? <span class="good-text">The last reload went well</span> : <span class="bad-text">The last reload failed; the old configuration holds</span>}{value.reload.at != null && <span class="dim"> {agoText(value.reload.at, now.value)}</span>}</p>
                  {value.reload.problems?.length ? <ul class="notes">{value.reload.problems.map((text) => <li key={text} class="break">{text}</li>)}</ul> : null}
                </>
              : <p class="dim">Not reloaded since the start.</p>}
          </div>
          <div class="card">
            <h3>Caches</h3>
            <Facts of={Object.entries(value.caches ?? {}).map(([name, held]) => [name.replaceAll('_', ' '), typeof held === 'object' && held ? Object.entries(held).map(([key, one]) => `${key.replaceAll('_', ' ')} ${typeof one === 'number' ? one.toLocaleString('en') : String(one)}`).join(', ') : String(held)])} />
            {!Object.keys(value.caches ?? {}).length && <p class="dim">None.</p>}
          </div>
          <div class="card span">
            <h3>Limits</h3>
            {value.limits?.length ? (
              <ul class="plain meters">
                {value.limits.map((limit) => (
                  <li key={limit.scope}>
                    <span class="break">{limit.scope}</span>
                    <meter min={0} max={limit.limit} high={limit.limit * 0.8} value={limit.in_use} aria-label={`${limit.scope} in use`} />
                    <span class="num">{limit.in_use.toLocaleString('en')} of {limit.limit.toLocaleString('en')}</span>
                  </li>
                ))}
              </ul>
            ) : <p class="dim">None in use.</p>}
          </div>
          <div class="card span">
            <h3>Connections</h3>
            {value.connections?.length ? (
              <div class="scroll" tabIndex={0} role="region" aria-label="Connections">
                <table>
                  <thead><tr><th>Name</th><th>Host</th><th>Circuit</th><th class="right">In use</th><th>Last error</th><th class="right">Skew</th><th>Credential until</th><th>Certificate until</th></tr></thead>
                  <tbody>{value.connections.map((one) => (
                    <tr key={one.name}>
                      <td>{one.name}</td><td class="mono">{one.host}</td><td class={one.breaker === 'open' ? 'bad-text' : ''}>{one.breaker}</td>
                      <td class="right num">{one.in_use} / {one.limit}</td><td>{one.last_error ? <Code id={one.last_error} /> : <span class="dim">none</span>}</td>
                      <td class="right num">{one.clock_skew_ms != null ? `${one.clock_skew_ms} ms` : ''}</td>
                      <td class="nowrap">{one.credential_expires_at != null ? momentText(one.credential_expires_at) : ''}</td><td class="nowrap">{one.certificate_expires_at != null ? momentText(one.certificate_expires_at) : ''}</td>
                    </tr>))}</tbody>
                </table>
              </div>
            ) : <p class="dim">No named connections.</p>}
          </div>
        </div>
      )}
    </section>
  );
}

/** Beyond loopback a mirror without any wall does not start. */
function wallsText(walls: Status['walls']): string {
  if (walls?.callers && walls.upstreams) return 'Nothing is open.';
  return walls?.callers || walls?.upstreams ? 'One of the two is enough.' : 'Only this machine can call it.';
}

function Wall({ up }: { up: boolean | undefined }) {
  return up ? <span class="good-text">stands</span> : <span class="warn-text">open</span>;
}
