/** The editor of connection details: the schema completes and checks. */
import { autocompletion, type CompletionContext } from '@codemirror/autocomplete';
import { json } from '@codemirror/lang-json';
import { linter } from '@codemirror/lint';
import { placeholder } from '@codemirror/view';
import { offersAt } from '../model/completion';
import { check } from '../model/schema';
import type { Handle, Mounting } from '../widgets/lazy-editor';
import { mountEditor } from './shared';

function complete(context: CompletionContext) {
  const found = offersAt(context.state.doc.toString(), context.pos);
  if (!found || (found.from === context.pos && !context.explicit)) return null;
  return {
    from: found.from,
    to: found.to,
    options: found.offers.map(({ label, detail, info, apply }) => ({
      label,
      detail,
      info,
      // What is replaced can begin with a quote; the list is filtered by what is meant.
      apply,
    })),
    filter: false,
  };
}

/** The list narrows while somebody types, quote or not. */
function narrowed(context: CompletionContext) {
  const found = complete(context);
  if (!found) return null;
  const typed = context.state.sliceDoc(found.from, context.pos).replace(/^"/, '').toLowerCase();
  const options = found.options.filter(({ label }) => label.replace(/^"/, '').toLowerCase().includes(typed));
  options.sort((a, b) => Number(!a.label.toLowerCase().startsWith(typed)) - Number(!b.label.toLowerCase().startsWith(typed)));
  return { ...found, options };
}

export function mount(mounting: Mounting): Handle {
  return mountEditor(mounting, [
    json(),
    placeholder('{ "url": "http://prometheus:9090" }'),
    autocompletion({ override: [narrowed], icons: false }),
    linter((view) => check(view.state.doc.toString()).map((problem) => {
      const length = view.state.doc.length;
      return { ...problem, from: Math.min(problem.from, length), to: Math.min(problem.to, length) };
    }), { delay: 250 }),
  ]);
}
