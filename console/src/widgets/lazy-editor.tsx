/** A CodeMirror editor that comes in a chunk of its own, and a plain field until, or if not, it does. */
import { useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Handle {
  set: (text: string) => void;
  focus: () => void;
  destroy: () => void;
}

export interface Mounting {
  parent: HTMLElement;
  text: string;
  label: string;
  nonce: string;
  onText: (text: string) => void;
  onEnter?: () => void;
}

interface Props {
  id: string;
  label: string;
  text: ReadonlySignal<string>;
  onText: (text: string) => void;
  onEnter?: () => void;
  load: () => Promise<(mounting: Mounting) => Handle>;
}

const nonce = () => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

export function LazyEditor({ id, label, text, onText, onEnter, load }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const handle = useRef<Handle | undefined>(undefined);
  const latest = useRef({ onText, onEnter });
  latest.current = { onText, onEnter };
  const [state, become] = useState<'loading' | 'here' | 'plain'>('loading');
  useEffect(() => {
    let gone = false;
    load().then(
      (mount) => {
        if (gone || !parent.current) return;
        const hadFocus = document.activeElement?.id === `${id}-plain`;
        handle.current = mount({
          parent: parent.current,
          text: text.peek(),
          label,
          nonce: nonce(),
          onText: (changed) => latest.current.onText(changed),
          onEnter: () => latest.current.onEnter?.(),
        });
        become('here');
        if (hadFocus) handle.current.focus();
      },
      () => become('plain'),
    );
    return () => {
      gone = true;
      handle.current?.destroy();
      handle.current = undefined;
    };
  }, []);
  // At once and not after a render: a text that is older than the editor's would be written over it.
  useSignalEffect(() => {
    const changed = text.value;
    handle.current?.set(changed);
  });
  return (
    <div class="code-field" data-editor={state}>
      <div ref={parent} id={id} />
      {state !== 'here' && (
        <textarea id={`${id}-plain`} class="mono" aria-label={label} spellcheck={false} rows={4} value={text.value}
          onInput={(event) => onText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && onEnter) {
              event.preventDefault();
              onEnter();
            }
          }}
        />
      )}
      {state === 'plain' && <p class="dim">The editor could not be loaded; this field does as well.</p>}
    </div>
  );
}
