// What the browser tests share: where the mirror is, a browser that makes no requests of its own,
// and a page that fails its test on anything a user would find in the console of the browser.
//
//   BASE_URL      the admin listener; without it the mock is started
//   TOKEN         its console token
//   BACKEND_URL   a Prometheus that scrapes itself, as the mirror sees it
//   MIRROR_URL    the Mirror API, for requests that the tap then shows
//   MIRROR_BIN    the program, for what the command line says to the same
//   CHROMIUM      another browser than Debian's
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { misshapen } from './shapes.mjs';
import { startMock } from './mock.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function open() {
  const token = process.env.TOKEN ?? 'a-console-token-for-tests';
  const mock = process.env.BASE_URL ? null : await startMock({ token });
  const base = (process.env.BASE_URL ?? mock.url).replace(/\/$/, '');
  const profile = mkdtempSync(join(tmpdir(), 'console-e2e-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
    bypassCSP: false,
  });
  context.setDefaultTimeout(Number(process.env.PATIENCE_MS ?? 15_000));
  return {
    base,
    token,
    isMock: mock !== null,
    backend: process.env.BACKEND_URL ?? 'http://prometheus.test:9090',
    mirror: (process.env.MIRROR_URL ?? base).replace(/\/$/, ''),
    context,
    async close() {
      await context.close();
      await mock?.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * A page at the console that has the token and details of the backend. `calm` is checked at the end
 * of each test: no request elsewhere, no message in the console, nothing against the policy.
 */
export async function visit(world, { hash = '', token = world.token, details = { url: world.backend } } = {}) {
  const page = await world.context.newPage();
  const seen = [];
  const allowed = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${world.base}/`) && !/^(blob|data):/.test(url)) seen.push(`request to ${url}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.push(`console: ${message.text()}`);
  });
  // Of the mirror and of the mock alike: what the page is tested with is what it will get.
  const answers = [];
  page.on('response', (response) => {
    if (response.url().startsWith(`${world.base}/debug/`)) answers.push(misshapen(response).then((found) => seen.push(...found), () => {}));
  });
  page.on('pageerror', (error) => seen.push(`error: ${error.message}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(`${world.base}/console/${token ? `#token=${encodeURIComponent(token)}${hash ? `&${hash.slice(1)}` : ''}` : hash}`);
  await page.locator('h2').first().waitFor();
  if (details) await writeDetails(page, details);
  return {
    page,
    allow: (pattern) => allowed.push(pattern),
    async calm() {
      await Promise.all(answers);
      assert.deepEqual(seen.filter((one) => !allowed.some((pattern) => pattern.test(one))), []);
    },
  };
}

/**
 * Replaces a text as a person does by pasting. Playwright's `fill` lets the browser build markup with
 * inline styles, which the page's policy then reports.
 */
export async function rewrite(editor, text) {
  await editor.focus();
  await editor.press('Control+a');
  await editor.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

export async function writeDetails(page, details) {
  const before = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('pane') ?? 'workbench';
  await go(page, 'e');
  const editor = page.getByRole('textbox', { name: 'Connection details as JSON' });
  await page.locator('[data-editor=here] .cm-content').waitFor();
  await rewrite(editor, JSON.stringify(details, null, 2));
  const use = page.getByRole('button', { name: 'Use these' });
  if (await use.isVisible()) await use.click();
  await go(page, { workbench: 'w', tap: 't', connections: 'c', status: 's', result: 'r', ladder: 'l', editor: 'e' }[before] ?? 'w');
}

/** By keys, from wherever the focus is. */
export async function go(page, letter) {
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement?.blur?.());
  await page.keyboard.press('g');
  await page.keyboard.press(letter);
}

export const ran = (page) => page.locator('[data-run=done], [data-run=failed]').waitFor();

/** Runs axe over what is shown. It is evaluated by the debugger, so the page's policy stays as it is. */
export async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary?.split('\n')[1]?.trim()})`).join('; ')}`);
}
