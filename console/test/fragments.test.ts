import { describe, expect, test } from 'vitest';
import { conditionIndex, originText, pieces } from '../src/model/fragments';

describe('fragments', () => {
  test('are cut by bytes, also where a character has several', () => {
    const text = 'a{b="grüße 🚀"}';
    const bytes = new TextEncoder().encode(text).length;
    const cut = pieces(text, [
      { start: 0, end: 2, origin: 'profile' },
      { start: 2, end: bytes - 1, origin: 'conditions[1]' },
      { start: bytes - 1, end: bytes, origin: 'profile' },
    ]);
    expect(cut.map(({ text: one }) => one)).toEqual(['a{', 'b="grüße 🚀"', '}']);
    expect(cut.map(({ text: one }) => one).join('')).toBe(text);
  });

  test('gaps, overlaps and ends beyond the text lose nothing and show nothing twice', () => {
    const cut = pieces('abcdef', [
      { start: 4, end: 99, origin: 'tilde' },
      { start: 1, end: 3, origin: 'profile' },
      { start: 2, end: 4, origin: 'conditions[0]' },
    ]);
    expect(cut).toEqual([
      { text: 'a', origin: null },
      { text: 'bc', origin: 'profile' },
      { text: 'd', origin: 'conditions[0]' },
      { text: 'ef', origin: 'tilde' },
    ]);
    expect(pieces('up', [])).toEqual([{ text: 'up', origin: null }]);
  });

  test('origins name their condition', () => {
    expect([conditionIndex('conditions[12]'), conditionIndex('profile'), conditionIndex(null)]).toEqual([12, null, null]);
    expect(originText('config.scrape_interval_ms')).toBe('setting scrape_interval_ms');
    expect(originText('conditions[2]')).toBe('condition 2');
  });
});
