import { useComputed, useSignal } from '@preact/signals';
import { isHostForm, isObject, upgraded, withoutSecrets } from '../model/details';
import { parse } from '../model/json';
import { check } from '../model/schema';
import { announce, chosen, detailsText, show } from '../state';
import { LazyEditor } from '../widgets/lazy-editor';
import { CopyButton, PaneHead } from '../widgets/parts';
import { Steps, test, type Tested } from './connections';

const load = () => import('../editors/json').then(({ mount }) => mount);

export function Editor() {
  const tested = useSignal<Tested | null>(null);
  const problems = useComputed(() => check(detailsText.value));
  const value = useComputed(() => {
    const parsed = detailsText.value.trim() ? parse(detailsText.value) : null;
    return parsed?.ok && isObject(parsed.node.value) ? parsed.node.value : null;
  });
  const usable = value.value !== null;
  const errors = problems.value.filter(({ severity }) => severity === 'error');
  return (
    <section class="pane" aria-labelledby="pane-editor">
      <PaneHead id="editor" title="Editor">
        <span class="dim">connection details, kept in this page's memory only</span>
      </PaneHead>
      <LazyEditor id="details" label="Connection details as JSON" text={detailsText} onText={(text) => { detailsText.value = text; }} load={load} />
      {problems.value.length > 0 && (
        <ul class="problems" aria-label="Problems">
          {problems.value.slice(0, 5).map((problem) => (
            <li key={`${problem.from}${problem.message}`} class={problem.severity === 'error' ? 'bad-text' : 'warn-text'}>
              <span class="dim">line {detailsText.value.slice(0, problem.from).split('\n').length}</span> {problem.message}
            </li>
          ))}
        </ul>
      )}
      <div class="row">
        <button type="button" disabled={!usable || chosen.value === null}
          onClick={() => { chosen.value = null; announce('The details of the editor are asked from now on.'); }}>
          {chosen.value === null && usable ? 'In use' : 'Use these'}
        </button>
        <button type="button" disabled={!usable} aria-label="Test these details" onClick={() => void test(value.value, (next) => { tested.value = next; })}>Test</button>
        {isHostForm(value.value) && (
          <button type="button" onClick={() => { detailsText.value = JSON.stringify(upgraded(value.value!), null, 2); announce('Rewritten with url.'); }}>Upgrade to url</button>
        )}
        {usable && <CopyButton text={() => JSON.stringify(withoutSecrets(value.value), null, 2)}>Copy redacted</CopyButton>}
        {usable && chosen.value === null && errors.length === 0 && <button type="button" class="link" onClick={() => show('workbench')}>To the workbench</button>}
      </div>
      <Steps tested={tested.value} />
    </section>
  );
}
