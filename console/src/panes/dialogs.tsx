import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { helpIsOpen } from '../keys';
import { giveToken, refused, show, token, wantsDetails } from '../state';

/** A modal dialog of the platform: it keeps the focus inside, and Esc closes it. */
function Dialog({ open, title, onClose, children }: { open: boolean; title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  const id = `dialog-${title.replace(/\W+/g, '-').toLowerCase()}`;
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      {open && <><h2 id={id}>{title}</h2>{children}</>}
    </dialog>
  );
}

/** Closed with Esc it stays away until somebody asks for it: the page can still show a bundle. */
export function TokenDialog() {
  const why = refused.value;
  const [closedFor, close] = useState<string | null>(null);
  const [typed, type] = useState('');
  const [busy, work] = useState(false);
  useEffect(() => {
    if (why === null) close(null);
  }, [why]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!typed) return;
    work(true);
    await giveToken(typed.trim());
    work(false);
    type('');
    close(null);
  };
  const key = `${why}:${token.value ?? ''}`;
  return (
    <>
      <Dialog open={why !== null && closedFor !== key} title="Console token" onClose={() => close(key)}>
        <form onSubmit={submit}>
          <p>{why === 'wrong' ? 'This token was not accepted.' : 'This mirror answers only those who know its console token.'}</p>
          <label for="token">Token</label>
          <input id="token" type="password" autocomplete="off" autofocus value={typed} aria-invalid={why === 'wrong' || undefined} onInput={(event) => type(event.currentTarget.value)} />
          <p class="dim">It is <code>console.token_file</code> or <code>CONSOLE_TOKEN</code> of the mirror, and is kept until this tab is closed.</p>
          <div class="row end">
            <button type="button" onClick={() => close(key)}>Without</button>
            <button type="submit" class="primary" disabled={busy}>{busy ? 'Asking…' : 'Use it'}</button>
          </div>
        </form>
      </Dialog>
      {why !== null && closedFor === key && (
        <p class="strip bad">No console token is accepted: only bundles can be opened.{' '}
          <button type="button" class="small" onClick={() => close(null)}>Give the token</button>
        </p>
      )}
    </>
  );
}

export function SecretsDialog() {
  const entry = wantsDetails.value;
  const close = () => { wantsDetails.value = null; };
  return (
    <Dialog open={entry !== null} title="Give the details again" onClose={close}>
      <p>This request brought its own secrets for <strong>{entry?.host ?? 'its backend'}</strong>. The mirror does not keep them, so it cannot send the request again by itself.</p>
      <p class="dim">Write the connection details in the editor, then replay once more. They stay in this page's memory.</p>
      <div class="row end">
        <button type="button" onClick={close}>Not now</button>
        <button type="button" class="primary" onClick={() => { close(); show('editor'); }}>Open the editor</button>
      </div>
    </Dialog>
  );
}

const keys: [string[], string][] = [
  [['Enter'], 'run the query'],
  [['Ctrl', 'K'], 'search a metric'],
  [['g', 'w'], 'workbench'],
  [['g', 'r'], 'result'],
  [['g', 'l'], 'ladder'],
  [['g', 't'], 'tap'],
  [['g', 'c'], 'connections'],
  [['g', 'e'], 'details editor'],
  [['g', 's'], 'status'],
  [['Esc'], 'close, leave a field'],
  [['Shift', 'Enter'], 'next line'],
  [['?'], 'this help'],
];

export function HelpDialog() {
  return (
    <Dialog open={helpIsOpen.value} title="Keys" onClose={() => { helpIsOpen.value = false; }}>
      <dl class="keys">
        {keys.map(([all, does]) => (
          <div key={does}>
            <dt>{all.map((key, index) => <>{index > 0 && ' '}<kbd>{key}</kbd></>)}</dt><dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="dim">Each error has an id: <code>prometheus-mirror error PM-2001</code> prints how it happens and how to mend it, without a network.</p>
      <div class="row end"><button type="button" class="primary" onClick={() => { helpIsOpen.value = false; }}>Close</button></div>
    </Dialog>
  );
}
