import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary } from 'preact/hooks';
import { Header } from './header';
import { announced, forget, pane, status, takeFile } from './state';
import { Connections } from './panes/connections';
import { Editor } from './panes/editor';
import { HelpDialog, SecretsDialog, TokenDialog } from './panes/dialogs';
import { Ladder } from './panes/ladder';
import { Result } from './panes/result';
import { StatusPane } from './panes/status';
import { Tap } from './panes/tap';
import { Workbench } from './panes/workbench';
import { Failed } from './widgets/parts';

export function App() {
  const at = pane.value;
  useEffect(() => {
    document.title = `${at[0]!.toUpperCase()}${at.slice(1)} · Mirror console`;
  }, [at]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>
        Skip to the pane
      </a>
      <Header />
      {status.value.value?.insecure?.length ? <Insecure names={status.value.value.insecure} /> : null}
      <main id="main" tabIndex={-1}>
        <Caught />
      </main>
      <div class="unseen" role="status" aria-live="polite">{announced.value}</div>
      <DropZone />
      <TokenDialog />
      <SecretsDialog />
      <HelpDialog />
    </>
  );
}

/** A bundle can be dropped anywhere; without this the browser would leave the page for it. */
function DropZone() {
  const over = useSignal(false);
  useEffect(() => {
    const holdsFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const onOver = (event: DragEvent) => {
      if (!holdsFile(event)) return;
      event.preventDefault();
      over.value = true;
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) over.value = false;
    };
    const onDrop = (event: DragEvent) => {
      over.value = false;
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      void takeFile(file);
    };
    addEventListener('dragover', onOver);
    addEventListener('dragleave', onLeave);
    addEventListener('drop', onDrop);
    return () => {
      removeEventListener('dragover', onOver);
      removeEventListener('dragleave', onLeave);
      removeEventListener('drop', onDrop);
    };
  }, []);
  return over.value ? <div class="dropping" aria-hidden="true"><p>Drop it to open the bundle</p></div> : null;
}

/** A file from elsewhere can hold what no mirror would write. The page outlives it. */
function Caught() {
  const [error, reset] = useErrorBoundary();
  if (!error) return <Panes />;
  return (
    <section class="pane">
      <Failed id={null} message={`This cannot be shown: ${error instanceof Error ? error.message : String(error)}`}>
        <button type="button" onClick={() => { forget(); reset(); }}>Back to the workbench</button>
      </Failed>
    </section>
  );
}

function Panes(): ComponentChildren {
  switch (pane.value) {
    case 'connections':
    case 'editor':
      return (
        <div class="pair">
          <Connections />
          <Editor />
        </div>
      );
    case 'tap':
      return <Tap />;
    case 'status':
      return <StatusPane />;
    default:
      return (
        <div class="bench">
          <Workbench />
          <div class="came">
            <Result />
            <Ladder />
          </div>
        </div>
      );
  }
}

const warnings: Record<string, string> = {
  callers_open: 'Any caller is answered: set callers, allowed_callers or tls.client_ca_file.',
  role_arns_open: 'Any role may be assumed with the mirror\'s own identity: set policy.allowed_role_arns.',
};

function Insecure({ names }: { names: string[] }) {
  return (
    <p class="strip warn" role="note">
      <strong>Open.</strong> {names.map((name) => warnings[name] ?? name.replaceAll('_', ' ')).join(' ')}
    </p>
  );
}
