import { render } from 'preact';
import { App } from './app';
import { listenForKeys } from './keys';
import { now, refreshStatus, refused } from './state';
import './style/base.css';
import './style/parts.css';
import './style/panes.css';
import 'uplot/dist/uPlot.min.css';

render(<App />, document.getElementById('app')!);
listenForKeys();
void refreshStatus();

// Readiness and the list of connections stay true while somebody looks. Not with a token that was
// refused: the mirror counts those, and would lock out the right one with them.
setInterval(() => {
  if (document.visibilityState === 'visible' && refused.value === null) void refreshStatus();
}, 10_000);
setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now();
}, 1_000);
