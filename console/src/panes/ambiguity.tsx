import { useSignal } from '@preact/signals';
import type { Ambiguity } from '../contract';
import { argument } from '../model/query';
import { applyExpression, applySuggestion } from '../state';
import { counted } from '../widgets/parts';

/**
 * Which series there are, how they differ, and what would leave one of them. `name` tells the table from
 * another one on the page, for who hears it.
 */
export function AmbiguityTable({ of, failed, name = 'Series that match' }: { of: Ambiguity; failed: boolean; name?: string }) {
  const open = useSignal(failed);
  const all = useSignal(false);
  const constant = Object.entries(of.constant ?? {});
  const suggestions = of.suggestions ?? [];
  const tuples = all.value ? of.tuples : of.tuples.slice(0, 50);
  // A suggestion stands beside the series that it selects; others stand below.
  const mine = (tuple: string[]) =>
    suggestions.find(({ conditions }) => conditions.length > 0 && conditions.every(({ key, value }) => String(value) === (tuple[of.labels.indexOf(key)] ?? Symbol())));
  const beside = new Set(of.tuples.map(mine));
  const below = suggestions.filter((one) => !beside.has(one));
  const series = (label: string, value: string) => of.counts?.find((one) => one.label === label && one.value === value)?.series;
  if (!open.value) {
    return <p class="box"><button type="button" class="link" onClick={() => { open.value = true; }}>{counted(of.series, 'series', 'series')} behind this; they differ in {of.labels.join(', ')}</button></p>;
  }
  return (
    <div class="ambiguity" data-ambiguity={of.series}>
      <p>
        <strong>{counted(of.series, 'series', 'series')}</strong> match.{' '}
        {of.separable === false || of.labels.length === 0
          ? 'No set of labels tells them apart.'
          : <>They differ in {of.labels.map((label, index) => <span key={label}>{index > 0 && ', '}<code class="differs">{label}</code></span>)}.</>}
      </p>
      {tuples.length > 0 && (
        <div class="scroll short" tabIndex={0} role="region" aria-label={name}>
          <table>
            <thead><tr>{of.labels.map((label) => <th key={label} class="differs">{label}</th>)}{constant.map(([label]) => <th key={label}>{label}</th>)}<th><span class="unseen">Do</span></th></tr></thead>
            <tbody>
              {tuples.map((tuple) => {
                const suggestion = mine(tuple);
                return (
                  <tr key={tuple.join('\0')}>
                    {tuple.map((value, index) => {
                      const label = of.labels[index]!;
                      const shared = series(label, value);
                      return <td key={label} class="differs mono">{value === '' ? <span class="dim">(none)</span> : value}{of.labels.length > 1 && shared != null && shared > 1 && <span class="dim"> {shared}×</span>}</td>;
                    })}
                    {constant.map(([label, value]) => <td key={label} class="mono dim">{value}</td>)}
                    <td class="right">{suggestion && <button type="button" class="small" onClick={() => void applySuggestion(suggestion.conditions)} aria-label={`Only this: ${suggestion.conditions.map(argument).join(' ')}`}>Only this</button>}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {tuples.length < of.tuples.length && <button type="button" class="link" onClick={() => { all.value = true; }}>Show all {of.tuples.length.toLocaleString('en')}</button>}
      {of.tuples.length < of.series && of.labels.length > 0 && <p class="dim">and {of.series - of.tuples.length} more</p>}
      {(below.length > 0 || of.combine) && (
        <div class="row">
          {below.map((one) => <button type="button" key={JSON.stringify(one)} onClick={() => void applySuggestion(one.conditions)}>Add <code>{one.conditions.map(argument).join(' ')}</code></button>)}
          {of.combine && <button type="button" onClick={() => void applyExpression(of.combine!)}>Combine: <code>~ = {of.combine}</code></button>}
        </div>
      )}
    </div>
  );
}
