import { describe, expect, test } from 'vitest';
import { offersAt } from '../src/model/completion';
import { hasSecrets, isHostForm, upgraded, withoutSecrets } from '../src/model/details';
import { parse } from '../src/model/json';
import { check } from '../src/model/schema';

describe('JSON with places', () => {
  test('reads what the platform reads', () => {
    for (const text of ['{}', '[]', ' {"a":[1,-2.5e3,true,null,"x\\"\\u00e9"],"b":{"c":{}}} ', '"x"', '0']) {
      expect(parse(text)).toMatchObject({ ok: true, node: { value: JSON.parse(text) as unknown } });
    }
  });

  test.each([
    ['{"a":1,}', 6], ['{"a" 1}', 5], ['{"a":1 "b":2}', 7], ['{a:1}', 1], ['{"a":1', 6], ['["x', 1], ['{"a":yes}', 5], ['{} x', 3], ['', 0], ['{"a":1,"a":2}', 7],
  ])('%s is refused at %d', (text, from) => {
    expect(parse(text)).toMatchObject({ ok: false, from });
  });
});

describe('checks of connection details', () => {
  const messages = (details: unknown) => check(JSON.stringify(details)).map(({ severity, message }) => `${severity}: ${message}`);

  test.each<[string, unknown]>([
    ['the url form', { url: 'https://p:9090/prefix', request_timeout_seconds: 30, nan_interpretation: 'zero' }],
    ['the host form', { host: 'p', port: '9090', requestTimeout: 20_000 }],
    ['a name', { connection: 'prod', timeout: '10s' }],
    ['placeholders', { url: 'http://p', basic_auth: null, bearer_token: '', aws: {} }],
    ['a number as text in aws', { url: 'http://p', aws: { external_id: 42, role_arn: 'arn' } }],
    ['headers', { url: 'http://p', headers: { 'X-Scope-OrgID': 'a' }, classified_labels: ['user'] }],
  ])('%s has nothing to complain about', (_name, details) => {
    expect(messages(details)).toEqual([]);
  });

  test.each<[unknown, RegExp]>([
    [{ urll: 'http://p', url: 'http://p' }, /warning: urll .*Did you mean url\?/],
    [{ url: 'http://p', basic_auth: { user: 'a' } }, /error: user is not known here.*username/],
    [{ url: 'http://p', aws: { roleArn: 'x' } }, /roleArn .*role_arn/],
    [{ url: 'prometheus:9090' }, /scheme is missing/],
    [{ url: 'http://p', host: 'p' }, /exclude each other/],
    [{ url: 'http://p', bearer_token: 'x', basic_auth: {} }, /one authentication at most/],
    [{ timeout: 3 }, /One of connection, url and host/],
    [{ url: 'http://p/api/v1/query' }, /warning: .*base address/],
    [{ url: 'http://p', tls_config: {} }, /https/],
    [{ url: 'http://p', profile: 'old' }, /one of "exact", "legacy"/],
    [{ url: 7 }, /Here stands text/],
    [[], /object/],
  ])('%j is complained about', (details, pattern) => {
    expect(messages(details).join('\n')).toMatch(pattern);
  });

  test('a problem stands where its cause does', () => {
    const text = '{ "url": "http://p", "basic_auth": { "user": "a" } }';
    const [problem] = check(text);
    expect(text.slice(problem!.from, problem!.to)).toBe('"user"');
  });
});

describe('completion of connection details', () => {
  const at = (text: string) => {
    const caret = text.indexOf('|');
    return offersAt(text.replace('|', ''), caret)?.offers.map(({ label }) => label) ?? [];
  };

  test('keys of the top, without those that stand there', () => {
    const keys = at('{ "url": "http://p", "|" }');
    expect(keys).toContain('basic_auth');
    expect(keys).not.toContain('url');
  });

  test('keys of a block', () => expect(at('{ "basic_auth": { us| } }').sort()).toEqual(['password', 'password_file', 'username', 'username_file']));
  test('values that can be listed', () => {
    expect(at('{ "profile": | }')).toEqual(['"exact"', '"legacy"']);
    expect(at('{ "field_value_patterns": | }')).toEqual(['true', 'false']);
    expect(at('{ "profile": "|" }')).toEqual(['"exact"', '"legacy"']);
  });
  test('nothing where anything may stand', () => expect(at('{ "url": "|" }')).toEqual([]));

  test('an empty value comes with the key, unless a colon stands there', () => {
    const offers = (text: string) => offersAt(text.replace('|', ''), text.indexOf('|'))!.offers;
    expect(offers('{ | }').find(({ label }) => label === 'url')!.apply).toBe('"url": ""');
    expect(offers('{ |: 1 }').find(({ label }) => label === 'url')!.apply).toBe('"url"');
  });
});

describe('the older form', () => {
  test.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{ host: 'p', port: 9091, requestTimeout: 20_000 }, { url: 'http://p:9091', request_timeout_seconds: 20 }],
    [{ host: 'p' }, { url: 'http://p:9090' }],
    [{ host: 'p:80', port: 80, path_prefix: 'a/b/' }, { url: 'http://p:80/a/b' }],
    [{ host: 'https://p', port: 443, path_prefix: '/x' }, { url: 'https://p:443/x' }],
    [{ host: '::1', port: 9 }, { url: 'http://[::1]:9' }],
    [{ host: 'p', timeout: '3s', requestTimeout: 9000, aws: {} }, { url: 'http://p:9090', timeout: '3s', aws: {} }],
  ])('%j is rewritten', (before, after) => {
    expect(isHostForm(before)).toBe(true);
    expect(upgraded(before)).toEqual(after);
  });

  test('is not seen where a url stands', () => expect(isHostForm({ host: '', url: 'http://p' })).toBe(false));
});

describe('what is shown of details', () => {
  const planted = 'PLANTED';
  test.each<unknown>([
    { url: `http://user:${planted}@p/` },
    { url: 'http://p', basic_auth: { username: 'a', password: planted } },
    { url: 'http://p', bearer_token: planted },
    { url: 'http://p', authorization: { credentials: planted } },
    { url: 'http://p', oauth2: { client_secret: planted, endpoint_params: { x: planted } } },
    { url: 'http://p', aws: { aws_secret_access_key: planted, aws_session_token: planted, external_id: planted } },
    { url: 'http://p', sigv4: { secret_key: planted } },
    { url: 'http://p', headers: { 'X-Key': planted } },
    { url: 'http://p', http_headers: { 'X-Key': { values: [planted], secrets: [planted] } } },
    { url: 'http://p', tls_config: { key: planted } },
    { url: 'http://p', query_parameters: { apikey: planted } },
    { url: 'http://p', token: planted },
    { url: 'http://p', pasword: planted },
    { url: 'http://p', aws: { secretkey: planted } },
  ])('%j shows no secret', (details) => {
    expect(JSON.stringify(withoutSecrets(details))).not.toContain(planted);
    expect(hasSecrets(details)).toBe(true);
  });

  test('what is none stays', () => {
    const details = { url: 'http://p', request_timeout_seconds: 5, basic_auth: { username: 'a', password_file: '/x' }, aws: { role_arn: 'arn' }, query_parameters: { dedup: 'true' } };
    expect(withoutSecrets(details)).toEqual(details);
    expect(hasSecrets(details)).toBe(false);
  });
});
