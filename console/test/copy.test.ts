import { describe, expect, test } from 'vitest';
import { asCommand, asCurl, asRequest, callAsCurl, shellWord } from '../src/model/copy';
import { emptyQuery } from '../src/model/query';

const now = Date.UTC(2026, 0, 2);
const query = { ...emptyQuery, metric: 'up', conditions: [{ key: 'job', value: "it's" }, { key: 'n', value: [1, 'a'] }] };
const place = { base: 'http://127.0.0.1:9901', hasToken: true };

describe('copies', () => {
  test('a word of a shell cannot end early', () => {
    expect(shellWord("a'b $(x)")).toBe(`'a'\\''b $(x)'`);
    expect(shellWord('__gauge__=up')).toBe('__gauge__=up');
    expect(shellWord('~=up')).toBe("'~=up'");
  });

  test('the command has the arguments of the command line', () => {
    expect(asCommand(query, { connection: 'prod' }, place)).toBe(
      `prometheus-mirror explain -c prod --admin-url http://127.0.0.1:9901 --token-file console-token __gauge__=up 'job=it'\\''s' 'n:=[1,"a"]' --agg MEAN --bucket 60s --since 1h`,
    );
    expect(asCommand({ ...query, ask: 'field_values', field: 'job', prefix: 'x', conditions: [], from: '1', to: '2' }, null, { ...place, hasToken: false })).toBe(
      'prometheus-mirror values job -c connection.json --admin-url http://127.0.0.1:9901 __gauge__=up --prefix x --from 1 --to 2',
    );
  });

  test('no copy holds a secret', () => {
    const details = { url: 'http://u:PLANTED@p', bearer_token: 'PLANTED' };
    for (const copy of [asRequest(query, details, now), asCurl(query, details, now, place), asCommand(query, details, place)]) {
      expect(copy).not.toContain('PLANTED');
    }
    expect(asCurl(query, details, now, place)).toContain('$CONSOLE_TOKEN');
  });

  test('a call names what it proves itself with', () => {
    const curl = callAsCurl({ call: 0, verb: 'POST', url: 'https://p/api/v1/query', parameters: [['query', 'up{a="b"}']], authentication: { kind: 'aws', region: 'eu-west-1', service: 'aps' } });
    expect(curl).toContain('aws:amz:eu-west-1:aps');
    expect(curl).toContain(`--data-urlencode 'query=up{a="b"}'`);
  });
});
