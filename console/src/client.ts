/** The one place that talks to the mirror, always to the origin the page came from. */
import type {
  Completions, ConnectionTest, Diagnosis, MirrorRecord, MirrorRequest, Status, TapEntry, TapPage, WireCondition,
} from './contract';
import { takeToken } from './model/address';

/** An answer that is none: refused, or not come at all (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly id: string | null,
    message: string,
  ) {
    super(message);
  }
}

export interface CompleteRequest {
  connection_details: unknown;
  conditions: WireCondition[];
  what: 'metrics' | 'label_names' | 'label_values';
  label?: string;
  prefix?: string;
  limit?: number;
  start?: number;
  end?: number;
}

export class Client {
  constructor(
    /** The admin listener's root, with a slash at the end. */
    private readonly base: string,
    private readonly token: () => string | null,
    /** Told of each 401, so that the page can ask for a token. */
    private readonly refused: () => void,
    private readonly send: typeof fetch = (...all) => fetch(...all),
  ) {}

  status = (signal?: AbortSignal) => this.ask<Status>('GET', 'debug/status', undefined, signal);
  explain = (request: MirrorRequest, dry_run: boolean, signal?: AbortSignal) =>
    this.ask<MirrorRecord>('POST', 'debug/explain', { request, dry_run }, signal);
  diagnose = (request: MirrorRequest, signal?: AbortSignal) =>
    this.ask<Diagnosis>('POST', 'debug/diagnose', { request, dry_run: false }, signal);
  test = (connectionDetails: unknown, signal?: AbortSignal) =>
    this.ask<ConnectionTest>('POST', 'debug/connection', { request: { _type: 'TestConnectionRequest', connectionDetails } }, signal);
  complete = (body: CompleteRequest, signal?: AbortSignal) => this.ask<Completions>('POST', 'debug/complete', body, signal);
  tap = (after: string | null, signal?: AbortSignal) =>
    this.ask<TapPage>('GET', `debug/requests${after ? `?after=${encodeURIComponent(after)}` : ''}`, undefined, signal);
  entry = (id: string) => this.ask<TapEntry>('GET', `debug/requests/${encodeURIComponent(id)}`);
  replay = (id: string, connection_details: unknown, at: 'now' | 'then', signal?: AbortSignal) =>
    this.ask<MirrorRecord>('POST', `debug/requests/${encodeURIComponent(id)}/replay`, { connection_details, at }, signal);

  private async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const token = this.token();
    let answer: Response;
    try {
      answer = await this.send(new URL(path, this.base).href, {
        method,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        headers: {
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Refusal(0, null, 'The mirror does not answer. Is it running, and is this address still its own?');
    }
    if (answer.ok) {
      try {
        return (await answer.json()) as T;
      } catch (error) {
        if (signal?.aborted) throw error;
        throw new Refusal(answer.status, null, 'The answer broke off, or is not what a mirror sends.');
      }
    }
    if (answer.status === 401) this.refused();
    throw await refusal(answer);
  }
}

async function refusal(answer: Response): Promise<Refusal> {
  const usual: Record<number, string> = {
    401: 'The console token is missing or wrong.',
    404: 'The mirror does not know this any more.',
    429: 'The mirror is busy with other explanations, or too many wrong tokens came. Wait a moment.',
  };
  const fallback = usual[answer.status] ?? `The mirror answered ${answer.status}.`;
  try {
    const { error } = (await answer.json()) as { error?: { id?: string | null; message?: string } };
    return new Refusal(answer.status, error?.id ?? null, error?.message || fallback);
  } catch {
    return new Refusal(answer.status, null, fallback);
  }
}

const shelf = 'console-token';

/** The parts of a browser that the token passes through; a test brings its own. */
export interface Surroundings {
  hash: string;
  /** Puts another fragment into the address without a step in the history. */
  replace: (hash: string) => void;
  store: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** Moves a token from the address into the session and answers the one that holds. */
export function settleToken({ hash, replace, store }: Surroundings): string | null {
  const { token, rest } = takeToken(hash);
  // Away from the address even if it is empty: what stands there may be half of one.
  if (/[#&]token=/.test(hash)) replace(rest);
  if (token) keepToken(store, token);
  try {
    return token ?? store.getItem(shelf);
  } catch {
    return token;
  }
}

/** A browser may forbid storage; the token then lasts as long as the page. */
export function keepToken(store: Surroundings['store'], token: string | null) {
  try {
    if (token) store.setItem(shelf, token);
    else store.removeItem(shelf);
  } catch {
    // Forbidden: nothing to do, the page holds it in memory.
  }
}
