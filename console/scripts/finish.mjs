// After Vite: a compressed twin beside each asset that gains by it, and the same bytes for the same
// sources. `index.html` has none, because the server writes a nonce into it.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const assets = new URL('../dist/assets/', import.meta.url);
for (const name of readdirSync(assets)) {
  if (/\.(gz|br)$/.test(name)) continue;
  const plain = readFileSync(new URL(name, assets));
  const twins = {
    gz: gzipSync(plain, { level: 9 }),
    br: brotliCompressSync(plain, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
    }),
  };
  for (const [ending, bytes] of Object.entries(twins)) {
    if (bytes.length < plain.length) writeFileSync(new URL(`${name}.${ending}`, assets), bytes);
  }
}
