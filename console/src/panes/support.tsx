/** A bundle for support: the mirror that it tells of, and its last requests, each to be opened. */
import { momentText } from '../model/time';
import { openEntry, support } from '../state';
import { Code, Facts, counted } from '../widgets/parts';

export function SupportBundle() {
  const opened = support.value;
  if (!opened) return null;
  const { name, of } = opened;
  return (
    <div class="why" role="region" aria-label="Bundle for support" data-support={of.requests.length}>
      <div class="row">
        <h3 class="grow break">{name}</h3>
        <button type="button" class="icon" aria-label="Close the bundle" onClick={() => { support.value = null; }}>×</button>
      </div>
      <Facts of={[
        ['version', of.build?.version],
        ['revision', of.build?.revision && <span class="mono">{of.build.revision}</span>],
        ['ready', of.status && (of.status.ready ? 'yes' : `no${of.status.not_ready_because ? `: ${of.status.not_ready_because}` : ''}`)],
        ['started', of.status?.started_at != null && momentText(of.status.started_at)],
        ['connections', of.status?.connections?.map((one) => `${one.name}: circuit ${one.breaker ?? 'unknown'}${one.last_error ? `, last ${one.last_error}` : ''}`).join('; ')],
      ]} />
      {of.requests.length === 0
        ? <p class="dim">It holds no requests: the mirror was not reached when it was made, or had none.</p>
        : (
          <div class="scroll short" tabIndex={0} role="region" aria-label="Requests of the bundle">
            <table>
              <thead><tr><th>Time</th><th>Method</th><th>Outcome</th><th>Query</th></tr></thead>
              <tbody>{of.requests.map((entry) => (
                <tr key={entry.id}>
                  <td class="mono nowrap">{momentText(entry.at)}</td>
                  <td class="nowrap">{entry.method.replaceAll('_', ' ')}</td>
                  <td class="nowrap">{entry.outcome} <Code id={entry.code} />{entry.notices?.map((id) => <Code id={id} key={id} />)}</td>
                  <td><button type="button" class="open mono" disabled={!entry.request} onClick={() => void openEntry(entry)}><span class="unseen">Open in the workbench: </span>{entry.queries?.[0] || '(no query)'}</button></td>
                </tr>
              ))}</tbody>
            </table>
          </div>
        )}
      {of.requests.length > 0 && <p class="dim">{counted(of.requests.length, 'request')}, the newest first.</p>}
      {of.settings && <details><summary>Settings</summary><pre class="code-block" tabIndex={0} aria-label="Settings">{of.settings}</pre></details>}
    </div>
  );
}
