/** The list of the tap as it grows. */
import { batch, signal } from '@preact/signals';
import type { TapEntry } from './contract';
import { merged, noFilter, type Filter } from './model/tap';
import { client, refused, sayError } from './state';

export const entries = signal<TapEntry[]>([]);
export const filter = signal<Filter>(noFilter);
export const live = signal(true);
export const tapState = signal<{ state: 'loading' | 'here' | 'failed'; id?: string | null; message?: string }>({ state: 'loading' });
export const ring = signal<{ dropped: number; capacity: number }>({ dropped: 0, capacity: 500 });

let cursor: string | null = null;
let asking = false;

export async function refreshTap() {
  // A refused token is not sent every two seconds.
  if (asking || refused.value !== null) return;
  asking = true;
  try {
    const page = await client.tap(cursor);
    batch(() => {
      entries.value = merged(entries.value, page.entries, page.capacity);
      ring.value = { dropped: page.dropped, capacity: page.capacity };
      tapState.value = { state: 'here' };
    });
    cursor = page.last ?? cursor;
  } catch (error) {
    tapState.value = { state: 'failed', ...sayError(error) };
    // A mirror that was started anew does not know the cursor: the next look begins from the start.
    cursor = null;
  } finally {
    asking = false;
  }
}
