/** Small things that every pane uses. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from '../state';

export function PaneHead({ id, title, children }: { id: string; title: string; children?: ComponentChildren }) {
  return (
    <div class="head">
      <h2 id={`pane-${id}`} tabIndex={-1}>{title}</h2>
      {children}
    </div>
  );
}

/** An error id as the documentation and the command line know it. */
export function Code({ id }: { id: string | null | undefined }) {
  return id ? <code class="code" title={`prometheus-mirror error ${id} explains it`}>{id}</code> : null;
}

export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <p class="nothing-title">{title}</p>
      {children && <div class="dim">{children}</div>}
    </div>
  );
}

export function Waiting({ children }: { children: ComponentChildren }) {
  return (
    <div class="nothing waiting">
      <span class="bar" aria-hidden="true" />
      <p>{children}</p>
    </div>
  );
}

export function Failed({ id, message, children }: { id: string | null; message: string; children?: ComponentChildren }) {
  return (
    <div class="box bad" role="alert">
      <p>{message} <Code id={id && !message.includes(id) ? id : null} /></p>
      {children}
    </div>
  );
}

export function CopyButton({ text, children, small }: { text: () => string; children: ComponentChildren; small?: boolean }) {
  const [said, say] = useState<string | null>(null);
  const copy = async () => {
    const done = await toClipboard(text());
    say(done ? 'Copied' : 'Not allowed');
    announce(done ? 'Copied.' : 'The browser does not allow copying.');
    setTimeout(() => say(null), 1500);
  };
  return <button type="button" class={small ? 'small' : ''} onClick={copy}>{said ?? children}</button>;
}

/** The clipboard needs a secure context; over plain HTTP the old way still works. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'unseen';
    (document.querySelector('dialog[open]') ?? document.body).append(field);
    const before = document.activeElement as HTMLElement | null;
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    before?.focus();
    return done;
  }
}

export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="pairs">
      {of.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '').map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

export const counted = (count: number, one: string, many = `${one}s`): string => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
