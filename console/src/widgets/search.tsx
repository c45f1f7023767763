/** A text field with suggestions: the combobox pattern, list below, focus stays in the field. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Completions } from '../contract';
import { sayError } from '../state';
import { counted } from './parts';

type Item = Completions['items'][number];

interface Props {
  id: string;
  label: string;
  value: string;
  placeholder?: string;
  hideLabel?: boolean;
  invalid?: boolean;
  load: (text: string) => Promise<Completions>;
  /** Tells more of what is listed: once it stands there, for it may take a while. */
  enrich?: (items: Item[]) => Promise<Item[]>;
  onText: (text: string) => void;
  onPick?: (item: Item) => void;
}

type Seen = { state: 'closed' } | { state: 'loading' } | { state: 'open'; list: Completions } | { state: 'failed'; message: string };

export function Search({ id, label, value, placeholder, hideLabel, invalid, load, enrich, onText, onPick }: Props) {
  const [seen, see] = useState<Seen>({ state: 'closed' });
  const [active, activate] = useState(-1);
  const asked = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const items = seen.state === 'open' ? seen.list.items : [];
  const close = () => {
    asked.current += 1;
    clearTimeout(timer.current);
    see({ state: 'closed' });
    activate(-1);
  };
  const ask = (text: string, wait: number) => {
    clearTimeout(timer.current);
    const mine = (asked.current += 1);
    if (seen.state === 'closed') see({ state: 'loading' });
    timer.current = setTimeout(async () => {
      try {
        const answer = await load(text);
        if (asked.current !== mine) return;
        see({ state: 'open', list: answer });
        activate(-1);
        if (!enrich || answer.items.length === 0) return;
        // What cannot be had is left out: the list helps without it.
        const items = await enrich(answer.items).catch(() => answer.items);
        if (asked.current === mine) see({ state: 'open', list: { ...answer, items } });
      } catch (error) {
        if (asked.current === mine) see({ state: 'failed', message: sayError(error).message });
      }
    }, wait);
  };
  const pick = (item: Item) => {
    onText(item.value);
    onPick?.(item);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (seen.state === 'closed' || seen.state === 'failed') ask(value, 0);
      else if (items.length) {
        const step = event.key === 'ArrowDown' ? 1 : -1;
        activate(active < 0 ? (step > 0 ? 0 : items.length - 1) : (active + step + items.length) % items.length);
      }
    } else if (event.key === 'Enter' && active >= 0 && items[active]) {
      event.preventDefault();
      pick(items[active]);
    } else if (event.key === 'Escape' && seen.state !== 'closed') {
      event.preventDefault();
      close();
    } else if (event.key === 'Enter') {
      close();
    }
  };
  const open = seen.state !== 'closed';
  return (
    <div class="search">
      <label for={id} class={hideLabel ? 'unseen' : undefined}>{label}</label>
      <input
        id={id} type="text" role="combobox" autocomplete="off" spellcheck={false} autocapitalize="off"
        aria-autocomplete="list" aria-expanded={open} aria-controls={`${id}-list`} aria-invalid={invalid || undefined}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        placeholder={placeholder} value={value}
        onInput={(event) => { onText(event.currentTarget.value); ask(event.currentTarget.value, 150); }}
        onKeyDown={onKeyDown} onBlur={close}
        onClick={() => { if (!open) ask(value, 0); }}
      />
      {/* The mouse must not take the focus, or the list would close before the click. */}
      <div class="drop" hidden={!open} onMouseDown={(event) => event.preventDefault()}>
        <ul id={`${id}-list`} role="listbox" aria-label={label} ref={list} hidden={items.length === 0}>
          {items.map((item, index) => (
            <li id={`${id}-${index}`} key={item.value} role="option" aria-selected={index === active} onClick={() => pick(item)} onMouseMove={() => { if (index !== active) activate(index); }}>
              <span class="item"><span class="mono">{item.value === '' ? '(empty)' : item.value}</span>
                {item.type && <span class={`kind ${item.type}`}>{item.type}</span>}
                {item.series != null && <span class="dim num">{counted(item.series, 'series', 'series')}</span>}</span>
              {item.help && <span class="help">{item.help}</span>}
            </li>
          ))}
        </ul>
        <p class="foot" role="status">
          {seen.state === 'loading' && 'Loading…'}
          {seen.state === 'failed' && seen.message}
          {seen.state === 'open' && (items.length === 0 ? 'Nothing fits.' : `${items.length} of ${counted(seen.list.total, 'match', 'matches')}${seen.list.is_partial ? ', list is cut' : ''}`)}
        </p>
      </div>
    </div>
  );
}
