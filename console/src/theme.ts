/** Dark, light, or what the system says. Kept in local storage: it tells nothing about anybody. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
export const themes: Theme[] = ['system', 'light', 'dark'];

const shelf = 'console-theme';

function kept(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(shelf)) ?? 'system';
  } catch {
    return 'system';
  }
}

export const theme = signal<Theme>(kept());
/** Counts changes of what is really shown, so that canvases are drawn anew. */
export const shown = signal(0);

effect(() => {
  const chosen = theme.value;
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  try {
    localStorage.setItem(shelf, chosen);
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
  shown.value = shown.peek() + 1;
});

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  shown.value += 1;
});

/** A colour of the style sheet as a canvas takes it. */
export function colour(name: string): string {
  const probe = document.createElement('span');
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
