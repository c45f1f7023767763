/** The chart. uPlot draws on a canvas; what it shows is told in words as the label. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { glance, type Chart as Data } from '../model/series';
import { momentText } from '../model/time';
import { colour, shown } from '../theme';

interface Props {
  data: Data;
  /** Milliseconds where NaN was; each is marked at the foot of the chart. */
  marks: number[];
  /** The range that was asked, so that a chart of few points does not pretend to be full. */
  range: [number | null, number | null];
  label: string;
  /** When the answer was here, by the page's clock. */
  answered: number;
}

export function Chart({ data, marks, range, label, answered }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLParagraphElement>(null);
  const look = shown.value;
  useEffect(() => {
    const element = parent.current!;
    const plot = draw(element, legend.current!, data, marks, range, () => {
      element.dataset.drawn ??= String(Math.round(performance.now() - answered));
    });
    const observer = new ResizeObserver(() => {
      const width = Math.floor(element.clientWidth);
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [data, marks, look]);
  return (
    <figure class="chart" role="img" aria-label={label}>
      <div ref={parent} class="plot" />
      <p ref={legend} class="cursor" aria-hidden="true">&nbsp;</p>
    </figure>
  );
}

function draw(element: HTMLElement, legend: HTMLElement, data: Data, marks: number[], [start, end]: [number | null, number | null], drawn: () => void): uPlot {
  const line = colour('accent');
  const text = colour('dim');
  const grid = colour('grid');
  const warn = colour('warn');
  const ratio = devicePixelRatio || 1;
  const many = data.x.length > 2000;
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: '12px system-ui, sans-serif' };
  const first = Math.min(start === null ? Infinity : start / 1000, data.x[0] ?? Infinity);
  const last = Math.max(end === null ? -Infinity : end / 1000, data.x.at(-1) ?? -Infinity);
  return new uPlot(
    {
      width: Math.max(200, Math.floor(element.clientWidth)),
      height: 260,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), 'Etc/UTC'),
      legend: { show: false },
      cursor: { points: { size: 7 }, drag: { x: true, y: false } },
      scales: {
        // A single point has no extent of its own.
        x: { time: true, range: (_plot, low, high) => (low === first && high === first ? [first - 60, first + 60] : [low, high]) },
        y: { range: (_plot, low, high) => padded(low, high) },
      },
      axes: [{ ...axis, space: 72, values: (_plot, splits, _index, _space, step) => splits.map((at, index) => tick(at, splits[index - 1], step)) }, { ...axis, size: 64, values: (_plot, splits) => splits.map(glance) }],
      series: [
        {},
        {
          stroke: line,
          width: 1.5,
          fill: faded(line),
          points: { show: !many && !data.stepped, size: 5, fill: line },
          spanGaps: false,
        },
      ],
      hooks: {
        ready: [(plot) => { if (first < last) plot.setScale('x', { min: first, max: last }); }],
        setCursor: [(plot) => {
          const at = plot.cursor.idx;
          const value = at == null ? null : plot.data[1]![at];
          legend.textContent = at == null || value == null ? '\u00a0' : `${momentText(plot.data[0][at]! * 1000)}   ${String(value)}`;
        }],
        draw: [(plot) => {
          drawn();
          if (marks.length === 0) return;
          const { ctx, bbox } = plot;
          const size = 4 * ratio;
          ctx.save();
          ctx.strokeStyle = warn;
          ctx.lineWidth = 2 * ratio;
          ctx.beginPath();
          for (const mark of marks) {
            const x = plot.valToPos(mark / 1000, 'x', true);
            if (x < bbox.left || x > bbox.left + bbox.width) continue;
            const y = bbox.top + bbox.height - size - 2 * ratio;
            ctx.moveTo(x - size, y - size);
            ctx.lineTo(x + size, y + size);
            ctx.moveTo(x + size, y - size);
            ctx.lineTo(x - size, y + size);
          }
          ctx.stroke();
          ctx.restore();
        }],
      },
    },
    [data.x, data.y],
    element,
  );
}

/** UTC, 24 hours; the day where it begins or the axis does. */
function tick(at: number, before: number | undefined, step: number): string {
  const [day, clock] = new Date(at * 1000).toISOString().split('T') as [string, string];
  if (step >= 86_400) return day.slice(5);
  const hours = clock.slice(0, step >= 60 ? 5 : step >= 1 ? 8 : 12);
  const sameDay = before !== undefined && Math.floor(before / 86_400) === Math.floor(at / 86_400);
  return sameDay ? hours : `${hours}\n${day}`;
}

/** Room above and below; from zero where zero is near, since a cut axis exaggerates. */
function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    return low >= 0 && low <= room * 10 ? [0, low + room] : [low - room, low + room];
  }
  const room = (high - low) * 0.08;
  return [low >= 0 && low < (high - low) * 0.5 ? 0 : low - room, high + room];
}

/** The colour with little cover, in whatever notation the browser gives it. */
function faded(full: string): string {
  const numbers = full.match(/[\d.]+/g);
  return full.startsWith('rgb') && numbers ? `rgba(${numbers.slice(0, 3).join(',')},0.12)` : 'transparent';
}
