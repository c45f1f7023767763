/** A query as others can run it. What is copied holds no secret: it is meant to be pasted to people. */
import { isObject, hasSecrets, withoutSecrets } from './details';
import { argument, kindKey, subject, toRequest, wireConditions, type Query } from './query';
import type { CallStage } from '../contract';

/** A word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./~-]+$/.test(text) && !text.startsWith('~') ? text : `'${text.replaceAll("'", `'\\''`)}'`;

export function asRequest(query: Query, details: unknown, now: number): string {
  return JSON.stringify(toRequest(query, withoutSecrets(details), now), null, 2);
}

/** The conditions of a stream, the kind first, as StackState keeps them. */
export const asConditions = (query: Query): string => JSON.stringify(wireConditions(query), null, 2);

export interface Place {
  /** Where the admin listener answers, without a slash at the end. */
  base: string;
  hasToken: boolean;
}

export function asCurl(query: Query, details: unknown, now: number, place: Place): string {
  const body = JSON.stringify({ request: toRequest(query, withoutSecrets(details), now), dry_run: false });
  return [
    `curl -sS ${shellWord(`${place.base}/debug/explain`)}`,
    ...(place.hasToken ? ['-H "Authorization: Bearer $CONSOLE_TOKEN"'] : []),
    `-H 'Content-Type: application/json'`,
    `--data ${shellWord(body)}`,
  ].join(' \\\n  ');
}

/** The command that shows the same on a terminal, asked through this mirror. */
export function asCommand(query: Query, details: unknown, place: Place): string {
  const named = isObject(details) && typeof details.connection === 'string' ? details.connection : null;
  const words = [
    'prometheus-mirror',
    query.ask === 'metric' ? 'explain' : query.ask === 'field_names' ? 'fields' : 'values',
    ...(query.ask === 'field_values' ? [query.field] : []),
    '-c', named ?? 'connection.json',
    '--admin-url', place.base,
    ...(place.hasToken ? ['--token-file', 'console-token'] : []),
  ];
  const kind = subject(query);
  if (kind) words.push(argument({ key: kindKey(query.kind), value: kind }));
  for (const condition of query.conditions) if (condition.key) words.push(argument(condition));
  if (query.ask === 'metric' && query.aggregation) {
    words.push('--agg', query.aggregation.method, '--bucket', `${query.aggregation.bucket_ms}ms`.replace(/000ms$/, 's'));
  }
  if (query.ask === 'field_values' && query.prefix) words.push('--prefix', query.prefix);
  const since = /^now-(\S+)$/.exec(query.from.trim());
  if (since && query.to.trim() === 'now') words.push('--since', since[1]!);
  else words.push('--from', query.from.trim(), '--to', query.to.trim());
  if (query.limit !== null) words.push('--limit', String(query.limit));
  const line = words.map(shellWord).join(' ');
  return !named && hasSecrets(details) ? `${line}\n# connection.json: the details with their secrets` : line;
}

/** A call to the backend, with the name of a variable where a secret would stand. */
export function callAsCurl(call: CallStage): string {
  const kind = call.authentication?.kind ?? 'none';
  const proof: Record<string, string[]> = {
    basic: ['-u "$BACKEND_USER:$BACKEND_PASSWORD"'],
    bearer: ['-H "Authorization: Bearer $BACKEND_TOKEN"'],
    oauth2: ['-H "Authorization: Bearer $ACCESS_TOKEN"'],
    aws: [
      `--aws-sigv4 ${shellWord(`aws:amz:${call.authentication?.region ?? ''}:${call.authentication?.service ?? 'aps'}`)}`,
      '-u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
      '-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN"',
    ],
  };
  return [
    `curl -sS${call.verb === 'GET' ? ' -G' : ''} ${shellWord(call.url)}`,
    ...(proof[kind] ?? []),
    ...call.parameters.map(([name, value]) => `--data-urlencode ${shellWord(`${name}=${value}`)}`),
  ].join(' \\\n  ');
}
