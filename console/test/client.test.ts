import { describe, expect, test, vi } from 'vitest';
import { Client, Refusal } from '../src/client';

const base = 'http://mirror:9901/behind/';
const answering = (status: number, body: string) => vi.fn<typeof fetch>(async () => new Response(body, { status }));

function client(send: typeof fetch, token: string | null = 'abc') {
  const refused = vi.fn();
  return { refused, client: new Client(base, () => token, refused, send) };
}

describe('the client', () => {
  test('stays at its origin and under its prefix, and proves itself by header alone', async () => {
    const send = answering(200, '{"entries":[],"dropped":0,"capacity":500,"last":null}');
    await client(send).client.tap('a/b c');
    const [address, options] = send.mock.calls[0]!;
    expect(address).toBe('http://mirror:9901/behind/debug/requests?after=a%2Fb%20c');
    expect(new Headers(options!.headers).get('authorization')).toBe('Bearer abc');
    expect([options!.credentials, options!.redirect, options!.cache]).toEqual(['omit', 'error', 'no-store']);
  });

  test('sends no header without a token', async () => {
    const send = answering(200, '{}');
    await client(send, null).client.status();
    expect(new Headers(send.mock.calls[0]![1]!.headers).has('authorization')).toBe(false);
  });

  test.each([
    [401, '{"error":{"id":null,"message":"No."}}', null, 'No.', 1],
    [429, 'not json', null, 'busy', 0],
    [400, '{"error":{"id":"PM-1002","message":"request: missing."}}', 'PM-1002', 'request: missing.', 0],
    [500, '<html>', null, '500', 0],
  ])('%d is a refusal that says what to do', async (status, body, id, text, asked) => {
    const one = client(answering(status, body));
    const failure = await one.client.status().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Refusal);
    expect([(failure as Refusal).status, (failure as Refusal).id]).toEqual([status, id]);
    expect((failure as Refusal).message).toContain(text);
    expect(one.refused).toHaveBeenCalledTimes(asked);
  });

  test('silence and broken answers are refusals too', async () => {
    const silent = client(async () => { throw new TypeError('Failed to fetch'); });
    await expect(silent.client.status()).rejects.toMatchObject({ status: 0 });
    await expect(client(answering(200, '{"half')).client.status()).rejects.toBeInstanceOf(Refusal);
  });
});
