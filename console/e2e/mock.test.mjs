// The mock answers in the shapes of the mirror: each of its answers, against schemas/debug.json. No browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMock } from './mock.mjs';
import { misfits } from './shapes.mjs';

let mock;
before(async () => { mock = await startMock({ token: 'a-token' }); });
after(() => mock?.close());

const headers = { Authorization: 'Bearer a-token', 'Content-Type': 'application/json' };
const post = (path, body) => fetch(mock.url + path, { method: 'POST', headers, body: JSON.stringify(body) }).then((came) => came.json());
const get = (path, sent = headers) => fetch(mock.url + path, { headers: sent }).then((came) => came.json());
const fits = (name, answer) => assert.deepEqual(misfits(name, answer), []);

const reachable = { url: 'http://prometheus.test:9090' };
const asked = (pairs, { raw = false, details = reachable, type = 'MetricsRequest', ...more } = {}) => ({
  _type: type,
  connectionDetails: details,
  query: {
    conditions: pairs.map(([key, value]) => ({ _type: 'EqualityCondition', key, value: { _type: 'StringValue', value } })),
    ...(raw ? {} : { aggregation: { method: 'MEAN', bucketSizeMillis: 60_000 } }),
    startTime: Date.now() - 3_600_000,
    endTime: Date.now(),
    ...more,
  },
});

const points = {
  'a gauge': asked([['__gauge__', 'up']]),
  'raw samples': asked([['__gauge__', 'up']], { raw: true }),
  'several series': asked([['__counter__', 'prometheus_http_requests_total']], { raw: true }),
  'series combined': asked([['__counter__', 'prometheus_http_requests_total']]),
  'no such metric': asked([['__counter__', 'x_total']]),
  'no such value': asked([['__gauge__', 'up'], ['job', 'x']]),
  'no connection': asked([['__gauge__', 'up']], { details: { url: 'http://127.0.0.1:1' } }),
  'a named connection': asked([['__gauge__', 'up']], { details: { connection: 'prod' } }),
  'PromQL': asked([['~', 'sum(up)']]),
  'NaN': asked([['__gauge__', 'mock_nan']]),
};
const others = {
  'no kind': asked([]),
  'field names': asked([], { type: 'FieldNamesRequest' }),
  'field values': asked([], { type: 'FieldValuesRequest', field: { fieldName: 'job' } }),
};

for (const [name, request] of Object.entries({ ...points, ...others })) {
  test(`the record of ${name}`, async () => {
    for (const dry_run of [false, true]) fits('explain', await post('/debug/explain', { request, dry_run }));
  });
}

for (const [name, request] of Object.entries(points)) {
  test(`the diagnosis of ${name}`, async () => fits('diagnose', await post('/debug/diagnose', { request })));
}

test('a test of a connection, and completions', async () => {
  for (const name of ['a gauge', 'no connection']) fits('connection', await post('/debug/connection', { request: points[name] }));
  for (const what of ['metrics', 'label_names', 'label_values']) fits('complete', await post('/debug/complete', { what, label: 'job' }));
});

test('the tap, the status and errors', async () => {
  for (const request of Object.values(points)) await post('/api/metric', request);
  const list = await get('/debug/requests');
  fits('requests', list);
  fits('request', await get(`/debug/requests/${list.entries[0].id}`));
  fits('status', await get('/debug/status'));
  fits('error', await get('/debug/status', {}));
  fits('error', await get('/debug/requests/none'));
});
