/** The editor of `~`: Prometheus's own language support, fed by this mirror. */
import { acceptCompletion, autocompletion, completionStatus } from '@codemirror/autocomplete';
import { Prec } from '@codemirror/state';
import { insertNewlineAndIndent } from '@codemirror/commands';
import { keymap, placeholder } from '@codemirror/view';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { EqlSingle } from '@prometheus-io/lezer-promql';
import { PromqlClient } from '../model/promql-client';
import { complete } from '../state';
import type { Handle, Mounting } from '../widgets/lazy-editor';
import { mountEditor } from './shared';

export function mount(mounting: Mounting): Handle {
  const promql = new PromQLExtension().setComplete({ remote: new PromqlClient(complete, EqlSingle) });
  return mountEditor(mounting, [
    promql.asExtension(),
    autocompletion(),
    placeholder('sum(rate(http_requests_total[5m]))'),
    Prec.highest(
      keymap.of([
        {
          key: 'Enter',
          run: (view) => {
            if (completionStatus(view.state) === 'active' && acceptCompletion(view)) return true;
            mounting.onEnter?.();
            return true;
          },
        },
        { key: 'Shift-Enter', run: insertNewlineAndIndent },
      ]),
    ),
  ]);
}
