import { helpIsOpen, paneKeys } from './keys';
import type { Pane } from './model/address';
import { connectionText, pane, refused, show, status } from './state';
import { theme, themes, type Theme } from './theme';

const tabs: { pane: Pane; text: string; also: Pane[] }[] = [
  { pane: 'workbench', text: 'Workbench', also: ['result', 'ladder'] },
  { pane: 'tap', text: 'Tap', also: [] },
  { pane: 'connections', text: 'Connections', also: ['editor'] },
  { pane: 'status', text: 'Status', also: [] },
];

export function Header() {
  const build = status.value.value?.build;
  return (
    <header class="top">
      <div class="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true" class="logo">
          <path d="M6 14V9M13 14V3M20 14V7M27 14v-4" /><path class="under" d="M6 18v5M13 18v11M20 18v7M27 18v4" /><path class="axis" d="M2 16h28" />
        </svg>
        <h1 class="name">prometheus-mirror</h1>
        {build && <span class="build" title={build.revision ? `revision ${build.revision}` : undefined}>{build.version}{build.revision ? ` · ${build.revision.slice(0, 7)}` : ''}</span>}
      </div>
      <nav aria-label="Panes">
        {tabs.map((tab) => {
          const here = pane.value === tab.pane || tab.also.includes(pane.value);
          const key = Object.keys(paneKeys).find((letter) => paneKeys[letter] === tab.pane);
          return (
            <button type="button" class="tab" aria-current={here ? 'page' : undefined} aria-keyshortcuts={`g ${key}`} onClick={() => show(tab.pane)} key={tab.pane}>
              {tab.text}
            </button>
          );
        })}
      </nav>
      <div class="facts">
        <button type="button" class="chip link" onClick={() => show('connections')} title="The connection that is asked">
          <span class="dim">to</span> {connectionText.value ?? 'no connection'}
        </button>
        <Readiness />
        <label class="theme">
          <span class="unseen">Theme</span>
          <select value={theme.value} onChange={(event) => { theme.value = event.currentTarget.value as Theme; }}>
            {themes.map((name) => <option value={name} key={name}>{name[0]!.toUpperCase() + name.slice(1)}</option>)}
          </select>
        </label>
        <button type="button" class="icon" aria-label="Help" aria-keyshortcuts="?" title="Keys and words (?)" onClick={() => { helpIsOpen.value = true; }}>?</button>
      </div>
    </header>
  );
}

function Readiness() {
  const known = status.value;
  if (known.state === 'loading' && !known.value) return <span class="chip">asking…</span>;
  if (refused.value !== null) return <span class="chip warn"><i class="dot" aria-hidden="true" />token needed</span>;
  if (known.state === 'failed') return <span class="chip bad" title={known.message}><i class="dot" aria-hidden="true" />no answer</span>;
  const value = known.value!;
  return value.ready
    ? <span class="chip good"><i class="dot" aria-hidden="true" />ready</span>
    : <span class="chip bad"><i class="dot" aria-hidden="true" />not ready{value.not_ready_because ? `: ${value.not_ready_because}` : ''}</span>;
}
