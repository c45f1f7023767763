/** Connection details as a person types them: upgraded to the one form, and fit to be shown. */
import { isSecret, member, schema, type Schema } from './schema';

export const redacted = '<redacted>';

type Object_ = Record<string, unknown>;

export const isObject = (value: unknown): value is Object_ =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const absent = (value: unknown) => value === undefined || value === null || value === '';

/** Whether the details are in the older `host`/`port` form. */
export const isHostForm = (details: unknown): details is Object_ =>
  isObject(details) && !absent(details.host) && absent(details.url) && absent(details.connection);

/**
 * The same connection in the `url` form: host, port and path become one address, milliseconds
 * become seconds. All else stays as and where it was.
 */
export function upgraded(details: Object_): Object_ {
  const { host, port, path_prefix: prefix, requestTimeout, ...rest } = details;
  let base = String(host).trim();
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(base)) {
    const hasPort = /^\[[^\]]*\]:\d+|^[^:[\]]+:\d+/.test(base);
    // An IPv6 address needs its brackets in a URL.
    if ((base.match(/:/g) ?? []).length > 1 && !base.startsWith('[')) base = `[${base}]`;
    base = `http://${base}${hasPort ? '' : `:${absent(port) ? 9090 : String(port)}`}`;
  } else if (!absent(port) && !/:\d+(\/|$)/.test(base.replace(/^[a-z]+:\/\//i, ''))) {
    base = base.replace(/^([a-z]+:\/\/[^/]+)/i, `$1:${String(port)}`);
  }
  const path = absent(prefix) ? '' : String(prefix).replace(/^\/*/, '/').replace(/\/+$/, '');
  const out: Object_ = { url: base.replace(/\/+$/, '') + path };
  const timed = !absent(rest.request_timeout_seconds) || !absent(rest.timeout);
  if (!absent(requestTimeout) && !timed) out.request_timeout_seconds = Number(requestTimeout) / 1000;
  return { ...out, ...rest };
}

/** Whether a name sounds like that of a secret. */
const sounds = (name: string) => /key|token|secret|passw|auth|sign|credential|cookie/i.test(name);

/**
 * The details without what nobody may see: secrets of the schema, header values, user and password
 * of addresses, and the values of keys that the schema does not know (what they are, nobody knows).
 */
export function withoutSecrets(details: unknown): unknown {
  return hide(details, schema, '');
}

export const hasSecrets = (details: unknown): boolean =>
  JSON.stringify(withoutSecrets(details)) !== JSON.stringify(details);

function hide(value: unknown, of: Schema | null, path: string): unknown {
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return value;
  if (of === null || isSecret(of)) return redacted;
  if (Array.isArray(value)) return value.map((item) => hide(item, { ...of, ...of.items }, path));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (path === 'headers' || (path.startsWith('http_headers') && key !== 'files' && !isObject(inner))) return [key, redacted];
        if (path === 'query_parameters') return [key, sounds(key) ? redacted : inner];
        return [key, hide(inner, member(of, key), path ? `${path}.${key}` : key)];
      }),
    );
  }
  return typeof value === 'string' ? value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${redacted}@`) : value;
}
