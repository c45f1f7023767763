/** The exact numbers. Only the rows in sight exist, so that 11,000 cost as little as twenty. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Row } from '../model/series';
import { momentText } from '../model/time';
import { CopyButton } from './parts';

const height = 26;
const inSight = 14;

export function Numbers({ rows, marks }: { rows: Row[]; marks: number[] }) {
  const top = useSignal(0);
  const buckets = rows.some(({ end }) => end !== null);
  const nan = useMemo(() => new Set(marks), [marks]);
  const first = Math.max(0, Math.min(Math.floor(top.value / height) - 10, rows.length - inSight - 20));
  const seen = rows.slice(first, first + inSight + 20);
  const csv = () => [buckets ? 'value,start,end' : 'value,time', ...rows.map(({ value, start, end }) => [value, momentText(start), ...(end === null ? [] : [momentText(end)])].join(','))].join('\n');
  return (
    <details class="numbers">
      <summary>Exact numbers</summary>
      <div class="row end"><CopyButton small text={csv}>Copy as CSV</CopyButton></div>
      <div class="scroll short" tabIndex={0} role="region" aria-label="Exact numbers" onScroll={(event) => { top.value = event.currentTarget.scrollTop; }}>
        <table aria-rowcount={rows.length + 1}>
          <thead><tr aria-rowindex={1}><th>{buckets ? 'Start' : 'Time'}</th>{buckets && <th>End</th>}<th class="right">Value</th></tr></thead>
          <tbody>
            {first > 0 && <tr aria-hidden="true"><td class="spacer" colSpan={3} style={{ height: `${first * height}px` }} /></tr>}
            {seen.map((row, index) => (
              <tr key={row.start} aria-rowindex={first + index + 2}>
                <td class="mono nowrap">{momentText(row.start)}</td>
                {buckets && <td class="mono nowrap dim">{row.end === null ? '' : momentText(row.end)}</td>}
                <td class="mono right">{nan.has(row.start) && <span class="warn-text">NaN → </span>}{String(row.value)}</td>
              </tr>
            ))}
            {first + seen.length < rows.length && <tr aria-hidden="true"><td class="spacer" colSpan={3} style={{ height: `${(rows.length - first - seen.length) * height}px` }} /></tr>}
          </tbody>
        </table>
      </div>
    </details>
  );
}
