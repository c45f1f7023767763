// Takes pictures of every pane in both themes and at 380 px: `node e2e/look.mjs [FOLDER]`. Of the mock,
// or of a mirror (see browser.mjs).
import { mkdirSync } from 'node:fs';
import { go, open, ran, visit } from './browser.mjs';

const folder = process.argv[2] ?? 'dist-look';
mkdirSync(folder, { recursive: true });
const world = await open();

for (let i = 0; i < 9; i += 1) {
  const end = Date.now() - i * 60_000;
  const name = ['up', 'prometheus_http_requests_total', 'go_goroutine', 'go_goroutines'][i % 4];
  await fetch(`${world.mirror}/api/metric`, { method: 'POST', body: JSON.stringify({
    _type: 'MetricsRequest', connectionDetails: world.isMock && i % 3 ? { connection: 'prod' } : { url: world.backend, ...(i === 6 ? { basic_auth: { username: 'a', password: 'b' } } : {}) },
    query: { conditions: [{ key: i % 4 === 1 ? '__counter__' : '__gauge__', value: { _type: 'StringValue', value: name } }], startTime: end - 3_600_000, endTime: end, ...(i % 2 ? {} : { aggregation: { method: 'MEAN', bucketSizeMillis: 60_000 } }) },
  }) });
}

const shots = {
  ambiguity: ['#pane=workbench&kind=counter&metric=prometheus_http_requests_total&method=raw', 'run'],
  chart: [`#pane=workbench&kind=gauge&metric=${world.isMock ? 'mock_nan' : 'shop_queue_length'}&method=MEAN&bucket=60000`, 'run'],
  why: ['#pane=workbench&kind=counter&metric=prometheus_http_request_total&where=["job","prometheus"]', 'why'],
  tilde: ['#pane=workbench&kind=tilde&expression=sum(rate(prometheus_http_requests_total[5m]))&method=MEAN', 'run'],
  empty: ['#pane=workbench', ''],
  search: ['#pane=workbench', 'search'],
  tap: ['#pane=tap', ''],
  connections: ['#pane=connections', 'test'],
  status: ['#pane=status', ''],
};

for (const [theme, width] of [['light', 1280], ['dark', 1280], ['light', 380], ['dark', 380]]) {
  for (const [name, [hash, act]] of Object.entries(shots)) {
    const { page } = await visit(world, { hash });
    await page.setViewportSize({ width, height: 860 });
    await page.getByLabel('Theme').selectOption(theme);
    if (act === 'run') await page.getByRole('button', { name: 'Run', exact: true }).click().then(() => ran(page));
    if (act === 'why') await page.getByRole('button', { name: 'Why is it empty?' }).first().click().then(() => page.locator('[data-finding]').first().waitFor());
    if (act === 'search') {
      await page.getByRole('combobox', { name: 'Metric' }).fill('go');
      await page.locator('#metric-list [role=option]').first().waitFor();
    }
    if (act === 'test') {
      await page.getByRole('button', { name: 'Test these details' }).click();
      await page.locator('[data-tested]').first().waitFor();
    }
    await page.waitForTimeout(700);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) console.log(`${theme} ${width} ${name}: ${overflow} px too wide`);
    await page.screenshot({ path: `${folder}/${theme}-${width}-${name}.png`, fullPage: width === 380 || name === 'why' || name === 'ambiguity' });
    await page.close();
  }
}
const { page } = await visit(world, { details: null });
await go(page, 'w');
await page.keyboard.press('?');
await page.screenshot({ path: `${folder}/help.png` });
await world.close();
