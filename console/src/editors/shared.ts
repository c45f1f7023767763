/** What both editors have in common. */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, drawSelection, keymap } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import type { Handle, Mounting } from '../widgets/lazy-editor';

/**
 * Writes typed characters itself. Left to it, Chromium keeps the look of text that was replaced by
 * giving an inline style to what comes next, which the page's policy forbids and reports.
 */
const typing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const text = event.data;
    if (event.inputType !== 'insertText' || !text || event.isComposing || view.composing) return false;
    const { from, to } = view.state.selection.main;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
    const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, text, insert));
    if (!taken) view.dispatch(insert());
    return true;
  },
});

/** Tab is left alone: it leads out of the editor, as it does out of every other field. */
export function mountEditor({ parent, text, label, nonce, onText }: Mounting, own: Extension): Handle {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        typing,
        own,
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        EditorView.lineWrapping,
        syntaxHighlighting(classHighlighter),
        EditorView.contentAttributes.of({ 'aria-label': label, 'aria-multiline': 'true' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onText(update.state.doc.toString());
        }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
      ],
    }),
  });
  return {
    set(changed) {
      const { doc } = view.state;
      if (doc.toString() !== changed) view.dispatch({ changes: { from: 0, to: doc.length, insert: changed } });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
