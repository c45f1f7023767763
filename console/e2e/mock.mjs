// A small stand-in for the admin listener: the contract's JSON over series that Prometheus has about
// itself, and the page with the headers it is served with. The browser tests run against it, or
// against a real mirror; it must promise no more than that one keeps.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';

const dist = new URL('../dist/', import.meta.url);
const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml', md: 'text/markdown; charset=utf-8' };

// ---- the series ------------------------------------------------------------------------------

const own = { job: 'prometheus', instance: 'localhost:9090' };
const handlers = ['/api/v1/query', '/api/v1/query_range', '/api/v1/series', '/graph', '/metrics'];

const families = {
  up: { type: 'gauge', help: '', series: [own] },
  go_goroutines: { type: 'gauge', help: 'Number of goroutines that currently exist.', series: [own] },
  process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory size in bytes.', series: [own] },
  process_cpu_seconds_total: { type: 'counter', help: 'Total user and system CPU time spent in seconds.', series: [own] },
  prometheus_http_requests_total: {
    type: 'counter',
    help: 'Counter of HTTP requests.',
    series: [...handlers.map((handler) => ({ ...own, handler, code: '200' })), { ...own, handler: '/api/v1/query', code: '400' }],
  },
  prometheus_http_request_duration_seconds: { type: 'histogram', help: 'Histogram of latencies for HTTP requests.', series: handlers.map((handler) => ({ ...own, handler })) },
  mock_many_points: { type: 'gauge', help: 'Eleven thousand points.', series: [own] },
  mock_many_series: { type: 'gauge', help: 'A thousand series.', series: Array.from({ length: 1000 }, (_, i) => ({ ...own, pod: `checkout-${String(i).padStart(4, '0')}` })) },
  mock_nan: { type: 'gauge', help: 'Gaps, and samples that are not numbers.', series: [own] },
};

const kindKeys = ['__gauge__', '__counter__', '__histogram__', '__summary__', '~'];

/** Splits conditions into the metric's name and the matchers. */
function selection(conditions = []) {
  const kind = conditions.find(({ key }) => kindKeys.includes(key));
  const rest = conditions.filter((one) => one !== kind);
  const name = kind?.key === '~' ? (/[a-z_]+(?=[{[)\s]|$)/.exec(kind.value.value.replace(/^\w+\(+(?:\w+\()?/, ''))?.[0] ?? '') : kind?.value.value;
  const matches = (labels) => rest.every(({ key, value: { value } }) => [value].flat().map(String).includes(labels[key] ?? ''));
  return { kind, name, rest, series: (families[name]?.series ?? []).filter(matches), matches };
}

// ---- the record ------------------------------------------------------------------------------

const connections = { prod: 'prometheus.test:9090', lab: 'lab.test:9090' };

const host = (details) => connections[details?.connection] ?? /^https?:\/\/(?:[^@/]*@)?([^/]+)/.exec(details?.url ?? `http://${details?.host}:${details?.port ?? 9090}`)?.[1] ?? '?';

const unreachable = (details) => /(:1$)|broken/.test(host(details));

const secrets = (details) => JSON.stringify(details ?? {}).match(/password|credentials|token|secret/) !== null;

function tiled(parts) {
  let at = 0;
  const fragments = parts.map(([text, origin]) => {
    const start = at;
    at += Buffer.byteLength(text);
    return { start, end: at, origin };
  });
  return { text: parts.map(([text]) => text).join(''), fragments };
}

function promql({ kind, name, rest }, aggregation) {
  if (kind.key === '~') return tiled([[kind.value.value, 'tilde']]);
  const parts = [['{__name__=', 'profile'], [JSON.stringify(name), 'conditions[0]']];
  rest.forEach(({ key, value: { value } }, index) => {
    parts.push([',', 'profile'], [`${key}${Array.isArray(value) ? '=~' : '='}${JSON.stringify([value].flat().join('|'))}`, `conditions[${index + 1}]`]);
  });
  parts.push(['}', 'profile']);
  if (!aggregation) return tiled([...parts, ['[3600001ms]', 'config.raw_lookback']]);
  const inner = kind.key === '__counter__' ? 'rate' : 'avg_over_time';
  return tiled([['avg(', 'aggregation.method'], [`${inner}(`, 'aggregation.method'], ...parts, [`[${aggregation.bucketSizeMillis}ms]`, 'aggregation.bucketSizeMillis'], [' offset 1ms', 'profile'], ['))', 'aggregation.method']]);
}

function ambiguity(found, series) {
  const names = [...new Set(series.flatMap(Object.keys))].sort();
  const constant = Object.fromEntries(names.filter((key) => new Set(series.map((one) => one[key] ?? '')).size === 1).map((key) => [key, series[0][key]]));
  const labels = names.filter((key) => !(key in constant));
  const tuples = series.map((one) => labels.map((key) => one[key] ?? ''));
  return {
    series: series.length,
    labels,
    constant,
    tuples: series.length > 20 ? tuples : tuples.slice(0, 10),
    counts: labels.flatMap((label) => [...new Set(series.map((one) => one[label] ?? ''))].map((value) => ({ label, value, series: series.filter((one) => (one[label] ?? '') === value).length }))),
    suggestions: tuples.slice(0, 10).map((tuple) => ({ conditions: labels.map((key, index) => ({ key, value: tuple[index] })) })),
    combine: `sum(rate(${found.name}[5m]))`,
    separable: true,
  };
}

function points(name, start, end, bucket) {
  const out = [];
  const step = bucket ?? 15_000;
  const value = (at) => Math.round(1e6 * (40 + 12 * Math.sin(at / 9e5) + 5 * Math.cos(at / 2.1e5))) / 1e6;
  const first = Math.ceil(start / step) * step;
  const last = name === 'mock_many_points' ? first + 11_000 * step : end;
  for (let at = first; at + (bucket ?? 0) <= last && out.length < 11_000; at += step) {
    if (name === 'mock_nan' && Math.floor(at / step) % 17 < 3) continue;
    out.push(bucket ? [value(at), at, at + bucket] : [value(at), at]);
  }
  return out;
}

function explain(request, dry) {
  const query = request.query ?? {};
  const details = request.connectionDetails ?? {};
  const found = selection(query.conditions);
  const { aggregation } = query;
  const fields = request._type !== 'MetricsRequest';
  const stages = {
    request: {
      type: request._type, method: { MetricsRequest: 'metric', FieldNamesRequest: 'field_names', FieldValuesRequest: 'field_values' }[request._type], profile: 'exact',
      connection: { alias: details.connection ?? null, host: host(details), form: details.connection ? 'connection' : details.url ? 'url' : 'host' },
      start: query.startTime, end: query.endTime, limit: query.limit ?? null,
      aggregation: aggregation ? { method: aggregation.method, bucket_ms: aggregation.bucketSizeMillis } : null,
      field: query.field?.fieldName ?? null, prefix: query.fieldValuePrefix ?? null, offset: 0,
      defaults: [{ key: 'request_timeout_seconds', value: '30' }, { key: 'nan_interpretation', value: 'ZERO' }], ignored: [], warnings: [],
    },
    conditions: null, promql: [], plan: null, calls: [], reduction: null, response: null,
  };
  const end = (result, rest = {}, answer = null, notices = []) => ({ version: 1, stages, outcome: { result, error: null, ambiguity: null, ...rest }, answer, notices });
  const fail = (id, type, summary, text, more = {}) => {
    stages.response = { status: 500, type, telemetry: null, points: 0, first_point: null, last_point: null, is_partial: false, partial_because: null, error: id, notices: [] };
    const error = { id, type, summary, details: `${text} [${id}]` };
    return end('error', { error, ...more }, { _type: type, summary, details: error.details });
  };
  const rows = [found.kind, ...found.rest].filter(Boolean);
  stages.conditions = rows.map(({ key, value }, index) => ({
    index, key, type: value._type ?? 'StringValue', value: value.value,
    became: index === 0 && found.kind ? 'metric' : 'matcher', text: index === 0 && found.kind ? null : `${key}=${JSON.stringify(String(value.value))}`, error: null,
  }));
  if (!fields && !found.kind) return fail('PM-1003', 'MetricNotFoundError', null, "One of ['__gauge__', '__counter__', '__histogram__', '__summary__', '~'] is required.");
  const text = fields ? null : promql(found, aggregation);
  stages.promql = fields ? [] : [{ query: 0, purpose: aggregation ? 'points' : 'raw', ...text }];
  const bucket = aggregation?.bucketSizeMillis ?? null;
  stages.plan = {
    kind: found.kind?.key.replaceAll('_', '') ?? 'fields', strategy: fields ? 'lists' : aggregation ? 'pushed_down' : 'raw_samples', dialect: 'promql-open',
    buckets: bucket ? Math.floor((query.endTime - query.startTime) / bucket) : null, bucket_ms: bucket, first: query.startTime, last: query.endTime, step_ms: bucket, instants: bucket ? 60 : 1, chunks: 1,
    rate_window_ms: found.kind?.key === '__counter__' ? 75_000 : null, rate_window_why: found.kind?.key === '__counter__' ? 'four scrape intervals and one more' : null,
    scrape_interval_ms: 15_000, scrape_interval_from: dry ? 'assumed' : 'probed', deadline_ms: 30_000, assumed: dry ? ['scrape_interval'] : [],
  };
  const call = {
    call: 0, query: fields ? null : 0, verb: 'POST', url: `http://${host(details)}/api/v1/${fields ? 'labels' : aggregation ? 'query_range' : 'query'}`,
    parameters: text ? [['query', text.text], ['start', String(query.startTime / 1000)], ['end', String(query.endTime / 1000)]] : [],
    headers: [['accept', 'application/json']],
    authentication: { kind: details.basic_auth ? 'basic' : 'none', region: null, service: null, identity: null },
    status: null, ms: 0, bytes: 0, series: 0, samples: 0, warnings: [], repeats: 0, source: 'backend', error: null,
  };
  stages.calls = [call];
  if (dry) return end('ok');
  if (unreachable(details)) {
    Object.assign(call, { error: 'PM-3002', ms: 1.2, repeats: 1 });
    return fail('PM-3002', 'MetricStoreConnectionError', null, `${host(details)} cannot be reached: connection refused. Check port and listen address.`);
  }
  Object.assign(call, { status: 200, ms: 14.2, bytes: 4096 });
  if (fields) {
    const all = [...new Set(Object.values(families).flatMap(({ series }) => series.flatMap((one) => request._type === 'FieldNamesRequest' ? Object.keys(one) : one[query.field?.fieldName] ?? [])))].sort();
    stages.response = { status: 200, type: request._type.replace('Request', 'Response'), telemetry: null, points: all.length, first_point: null, last_point: null, is_partial: false, partial_because: null, error: null, notices: [] };
    return end('ok', {}, request._type === 'FieldNamesRequest'
      ? { _type: 'FieldNamesResponse', isPartial: false, fields: [...kindKeys, ...all].map((fieldName) => ({ _type: 'FieldDescriptor', fieldName, fieldType: 'STRING', classified: false })) }
      : { _type: 'FieldValuesResponse', isPartial: false, values: all.map((value) => ({ _type: 'CompleteValue', value })) });
  }
  const { series, name } = found;
  const stated = `${name}{${found.rest.map(({ key, value }) => `${key}="${value.value}"`).join(',')}}`;
  Object.assign(call, { series: series.length, samples: series.length * 240 });
  if (series.length === 0) return fail('PM-2002', 'MetricNotFoundError', null, `No series matches ${stated}. Compare the metric name.`);
  stages.reduction = { series_in: series.length, series_out: 1, samples: series.length * 240, nan: 0, nan_became: null, nan_at: [], infinite: 0, infinite_became: null, zero_filled: 0, combined: series.length, cut_by_limit: false };
  if (series.length > 1 && found.kind.key !== '~' && (!aggregation || name === 'mock_many_series')) {
    stages.reduction = null;
    const told = ambiguity(found, series);
    return fail('PM-2001', 'RemoteMirrorError', 'Too many metrics.', `${series.length} series match ${name}; they differ in ['${told.labels.join("', '")}']. Add ${told.labels[0]} = ${told.tuples[0][0]}.`, { ambiguity: told });
  }
  const all = points(name, query.startTime, query.endTime, bucket);
  if (name === 'mock_nan') Object.assign(stages.reduction, { nan: 3, nan_became: 'zero', nan_at: all.filter((_, i) => i % 15 === 7).slice(0, 3).map((point) => point[1]) });
  const notices = series.length > 1 && found.kind.key !== '~' ? [{ id: 'PM-7004', text: `${series.length} series were combined.` }] : [];
  stages.response = { status: 200, type: 'MetricsResponse', telemetry: bucket ? 'AggregatedMetricTelemetry' : 'RawMetricTelemetry', points: all.length, first_point: all[0]?.[1] ?? null, last_point: all.at(-1)?.[1] ?? null, is_partial: false, partial_because: null, error: null, notices: notices.map(({ id }) => id) };
  return end('ok', { ambiguity: notices.length ? ambiguity(found, series) : null }, {
    _type: 'MetricsResponse',
    telemetry: { _type: stages.response.telemetry, isPartial: false, dataFormat: bucket ? ['value', 'startTimestamp', 'endTimestamp'] : ['value', 'timestamp'], points: all },
  }, notices);
}

function diagnose(request) {
  const found = selection(request.query?.conditions);
  const probes = [{ probe: 'reach', ok: true, text: '9 ms, clocks 0.1 s apart', query: null, ms: 9, error: null }];
  const answer = (findings, rest = {}) => ({ findings, probes, ambiguity: null, calls: probes.length + 2, calls_allowed: 10, ms: 38, not_empty: false, ...rest });
  if (unreachable(request.connectionDetails)) {
    probes[0] = { probe: 'reach', ok: false, text: 'connection refused', query: null, ms: 1, error: 'PM-3002' };
    return answer([{ id: 'PM-3002', certainty: 'certain', probe: 'reach', text: `${host(request.connectionDetails)} cannot be reached: connection refused.`, fix: 'check port and listen address', nearest: [], try: null }]);
  }
  if (found.series.length) {
    probes.push({ probe: 'selection', ok: true, text: `${found.series.length} series have samples`, query: `count(count_over_time(${found.name}[1h]))`, ms: 4, error: null });
    if (found.series.length > 1 && found.kind.key !== '~' && !request.query.aggregation) {
      const told = ambiguity(found, found.series);
      const text = `${found.series.length} series match ${found.name}; they differ in ['${told.labels.join("', '")}']`;
      const added = told.suggestions[0]?.conditions ?? [];
      probes.push({ probe: 'selection', ok: false, text, query: `count_over_time(${found.name}[1h])`, ms: 4, error: null });
      return answer([{ id: 'PM-2001', certainty: 'certain', probe: 'selection', text, fix: `Add ${added.map(({ key, value }) => `${key} = ${value}`).join(' and ')}.`, nearest: [],
        try: [...request.query.conditions, ...added.map(({ key, value }) => ({ _type: 'EqualityCondition', key, value: { _type: 'StringValue', value } }))] }], { not_empty: true, ambiguity: told });
    }
    return answer([], { not_empty: true });
  }
  probes.push({ probe: 'selection', ok: false, text: 'no series in the range', query: `count(count_over_time(${found.name}[1h]))`, ms: 4, error: null });
  if (families[found.name]) {
    const culprit = found.rest.find((one) => !families[found.name].series.some((labels) => selection([found.kind, one]).matches(labels)));
    const values = [...new Set(families[found.name].series.map((one) => one[culprit?.key] ?? ''))].filter(Boolean);
    probes.push({ probe: 'values', ok: false, text: `${culprit?.key} has no such value`, query: null, ms: 3, error: null });
    return answer([{ id: 'PM-2002', certainty: 'certain', probe: 'values', text: `no series of ${found.name} has ${culprit?.key} = ${culprit?.value.value}`, fix: 'compare the value', nearest: values.slice(0, 5).map((value) => ({ value, kind: null, series: 1 })),
      try: request.query.conditions.map((one) => (one.key === culprit?.key ? { ...one, value: { _type: 'StringValue', value: values[0] } } : one)) }]);
  }
  const near = Object.keys(families).find((one) => one.replaceAll('s', '') === String(found.name).replaceAll('s', '')) ?? 'up';
  probes.push({ probe: 'metric', ok: false, text: `no series named ${found.name} in the last 1 h`, query: null, ms: 3, error: null });
  return answer([{ id: 'PM-2002', certainty: 'certain', probe: 'metric', text: `no series named ${found.name} in the last 1 h`, fix: 'compare the name', nearest: [{ value: near, kind: families[near].type, series: families[near].series.length }],
    try: [{ _type: 'EqualityCondition', key: `__${families[near].type}__`, value: { _type: 'StringValue', value: near } }, ...found.rest] }]);
}

function testConnection({ connectionDetails: details }) {
  const passed = (step, text) => ({ step, ok: true, ms: 0.4 + step.length / 3, text, warning: null, warnings: [] });
  const steps = [passed('details', details.connection ? 'a named connection' : 'url form'), passed('allowed', 'listed'), passed('name', host(details))];
  if (unreachable(details)) {
    steps.push({ step: 'connect', ok: false, ms: 1.1, text: 'connection refused', warning: null, warnings: [] });
    return { ok: false, steps, error: { id: 'PM-3002', details: `${host(details)} cannot be reached: connection refused. Check port and listen address. [PM-3002]` }, warnings: [], caller_identity: null };
  }
  steps.push(passed('connect', '127.0.0.1'), passed('credentials', 'none'), passed('authorisation', '200'), passed('query', '1+1 is 2'), passed('data', '14 labels'));
  steps.push({ step: 'clock', ok: true, ms: 0, text: '0.1 s apart', warning: null, warnings: [] });
  return { ok: true, steps, error: null, warnings: [], caller_identity: null };
}

function complete({ what, label, names, prefix = '', limit = 50, conditions = [] }) {
  const { name, rest } = selection(conditions);
  const matches = (labels) => rest.every(({ key, value: { value } }) => [value].flat().map(String).includes(labels[key] ?? ''));
  const within = Object.entries(families).flatMap(([family, { series }]) => (name && family !== name ? [] : series.filter(matches).map((labels) => [family, labels])));
  const counts = new Map();
  for (const [family, labels] of within) {
    for (const value of what === 'metrics' ? [family] : what === 'label_names' ? Object.keys(labels) : labels[label] === undefined ? [] : [labels[label]]) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const found = names?.map((name) => [name, counts.get(name) ?? 0]);
  const all = found ?? [...counts].filter(([value]) => value.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = all.slice(0, limit);
  const counted = what === 'metrics' && shown.length <= 50;
  const about = (value) => (what === 'metrics' ? families[value] : null);
  return {
    items: shown.map(([value, series]) => ({ value, type: about(value)?.type ?? null, help: about(value)?.help || null, series: counted ? series : null })),
    total: all.length, is_partial: false,
  };
}

// ---- the server ------------------------------------------------------------------------------

/** Starts it; `token` null leaves the endpoints open, as they are to a loopback peer. */
export async function startMock({ token = null, port = 0 } = {}) {
  const started = Date.now();
  const entries = [];
  let count = 0;

  function note(request) {
    const record = explain(request, false);
    const { error } = record.outcome;
    entries.unshift({
      id: `req-${String((count += 1)).padStart(6, '0')}`, at: Date.now(), method: record.stages.request.method ?? 'connection', outcome: error ? 'error' : 'ok', code: error?.id ?? null,
      alias: request.connectionDetails?.connection ?? null, host: host(request.connectionDetails), queries: record.stages.promql?.map(({ text }) => text) ?? [], notices: record.notices.map(({ id }) => id),
      series: record.stages.reduction?.series_in ?? 0, points: record.stages.response?.points ?? 0, ms: 15.2, cache: 'miss; calls=1', connection_had_secrets: secrets(request.connectionDetails),
      request: { ...request, connectionDetails: request.connectionDetails?.connection ? { connection: request.connectionDetails.connection } : { url: `http://${host(request.connectionDetails)}` } },
    });
    entries.length = Math.min(entries.length, 500);
    return record;
  }

  const statusAnswer = () => ({
    build: { version: '0.1.0', revision: '69b5e91c0ffee' }, started_at: started, uptime_ms: Date.now() - started, ready: true, not_ready_because: null, walls: { callers: true, upstreams: true },
    reload: { ok: true, at: started, problems: [] }, limits: [{ scope: 'requests', in_use: 3, limit: 256 }, { scope: 'connection prod', in_use: 2, limit: 64 }],
    caches: { tap_entries: entries.length },
    connections: Object.entries(connections).map(([name, at], index) => ({ name, host: at, breaker: index ? 'probing' : 'closed', in_use: 2 * (1 - index), limit: 64, last_error: index ? 'PM-3005' : null, clock_skew_ms: 100, credential_expires_at: index ? null : started + 3_400_000, certificate_expires_at: index ? started + 4e8 : null })),
    insecure: [],
  });

  function answerJson(method, path, search, body) {
    if (method === 'GET' && path === '/debug/status') return statusAnswer();
    if (method === 'GET' && path === '/debug/requests') {
      const after = search.get('after');
      const fresh = after ? entries.slice(0, Math.max(0, entries.findIndex(({ id }) => id === after))) : entries;
      return { entries: fresh.map(({ request: _, ...entry }) => entry), dropped: 0, capacity: 500, last: entries[0]?.id ?? after };
    }
    const one = /^\/debug\/requests\/([^/]+)(\/replay)?$/.exec(path);
    const entry = one && entries.find(({ id }) => id === decodeURIComponent(one[1]));
    if (entry && !one[2] && method === 'GET') return entry;
    if (entry && one[2] && method === 'POST') {
      if (entry.connection_had_secrets && !body.connection_details) return null;
      const query = { ...entry.request.query };
      if (body.at === 'now') {
        query.startTime = Date.now() - (query.endTime - query.startTime);
        query.endTime = Date.now();
      }
      return explain({ ...entry.request, connectionDetails: body.connection_details ?? entry.request.connectionDetails, query }, false);
    }
    if (method !== 'POST') return null;
    switch (path) {
      case '/debug/explain': return explain(body.request, body.dry_run);
      case '/debug/diagnose': return diagnose(body.request);
      case '/debug/connection': return testConnection(body.request);
      case '/debug/complete': return complete(body);
      default: return null;
    }
  }

  function page(request, response, path) {
    const name = path === '/console/' ? 'index.html' : path.slice('/console/'.length);
    const nonce = randomBytes(16).toString('base64');
    response.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const file = new URL(name, dist);
    if (!file.href.startsWith(dist.href)) return void response.writeHead(404).end();
    let bytes;
    try {
      statSync(file);
      bytes = readFileSync(file);
    } catch {
      return void response.writeHead(404).end();
    }
    response.setHeader('Content-Type', types[name.split('.').at(-1)] ?? 'application/octet-stream');
    if (name === 'index.html') {
      response.setHeader('Cache-Control', 'no-store');
      return void response.end(bytes.toString().replace('__CSP_NONCE__', nonce));
    }
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    response.setHeader('Vary', 'Accept-Encoding');
    if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
      try {
        bytes = readFileSync(new URL(`${name}.gz`, dist));
        response.setHeader('Content-Encoding', 'gzip');
      } catch {
        // Too small to have a twin.
      }
    }
    response.end(bytes);
  }

  const same = (a, b) => createHash('sha256').update(a).digest().equals(createHash('sha256').update(b).digest());

  const server = createServer(async (request, response) => {
    const { pathname: path, searchParams } = new URL(request.url, 'http://mirror');
    if (path === '/') return void response.writeHead(302, { Location: '/console/' }).end();
    if (path.startsWith('/console/')) return page(request, response, path);
    const json = (status, body) => response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(body));
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    // The Mirror API itself, so that there is something to tap.
    if (path === '/api/metric') return json(200, note(body).answer);
    if (!path.startsWith('/debug/')) return json(404, { error: { id: 'PM-1010', message: 'No such path.' } });
    if (token && !same(request.headers.authorization ?? '', `Bearer ${token}`)) return json(401, { error: { id: null, message: 'The console token is missing or wrong.' } });
    const answer = answerJson(request.method, path, searchParams, body);
    return answer === null ? json(404, { error: { id: 'PM-1010', message: 'No such path.' } }) : json(200, answer);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

// `node e2e/mock.mjs [PORT]`: to look at the page by hand.
if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { url } = await startMock({ port: Number(process.argv[2] ?? 0), token: process.env.TOKEN ?? null });
  console.log(`${url}/console/`);
}
