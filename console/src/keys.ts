/** Keys that work everywhere. Those of one widget are with the widget. */
import { signal } from '@preact/signals';
import type { Pane } from './model/address';
import { change, pane, query, show } from './state';

export const helpIsOpen = signal(false);

export const paneKeys: Record<string, Pane> = {
  c: 'connections', e: 'editor', t: 'tap', w: 'workbench', r: 'result', l: 'ladder', s: 'status',
};

/** Set between `g` and the letter that follows. */
let going = 0;

export function listenForKeys() {
  addEventListener('keydown', (event) => {
    const key = event.key;
    if (key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      searchMetrics();
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = isTyping(event.target);
    if (key === 'Escape' && typing && !document.querySelector('dialog[open]')) {
      // Out of the field, so that the letters mean panes again.
      (event.target as HTMLElement).blur();
      return;
    }
    if (typing || document.querySelector('dialog[open]')) return;
    if (key === '?') {
      event.preventDefault();
      helpIsOpen.value = true;
    } else if (key === 'g') {
      going = event.timeStamp;
    } else if (going && event.timeStamp - going < 2000 && paneKeys[key]) {
      event.preventDefault();
      going = 0;
      show(paneKeys[key]);
    } else {
      going = 0;
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'file'].includes(target.type);
}

export function searchMetrics() {
  if (document.querySelector('dialog[open]')) return;
  if (query.value.kind === 'tilde') change({ kind: 'gauge' });
  pane.value = 'workbench';
  // At once where the field is there: the next key may be on its way already.
  if (!focusMetric()) requestAnimationFrame(focusMetric);
}

function focusMetric(): boolean {
  const field = document.getElementById('metric') as HTMLInputElement | null;
  field?.focus();
  field?.select();
  return field !== null;
}
