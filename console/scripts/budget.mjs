// Holds what was built against the budget, and against what the server relies on.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';

const budget = 350 * 1024;
const dist = new URL('../dist/', import.meta.url);
const assets = new URL('assets/', dist);
const problems = [];

let sum = 0;
const lines = [];
for (const name of readdirSync(assets).filter((one) => !/\.(gz|br)$/.test(one))) {
  if (!/-[\w-]{8}\.\w+$/.test(name)) problems.push(`${name} has no hash in its name, but is cached for a year`);
  const twin = new URL(`${name}.gz`, assets);
  const size = statSync(existsSync(twin) ? twin : new URL(name, assets)).size;
  lines.push([size, name]);
  sum += size;
}
for (const [size, name] of lines.sort((a, b) => b[0] - a[0])) console.log(`${String(size).padStart(8)}  ${name}`);
console.log(`${String(sum).padStart(8)}  of ${budget} bytes, compressed with gzip`);
if (sum > budget) problems.push(`${sum} bytes are over the budget of ${budget}`);

const page = readFileSync(new URL('index.html', dist), 'utf8');
if (page.split('__CSP_NONCE__').length !== 2) problems.push('index.html must hold __CSP_NONCE__ exactly once');
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i.test(page)) problems.push('index.html holds an inline script or style');
for (const [, address] of page.matchAll(/(?:src|href)="([^"]*)"/g)) {
  if (!address.startsWith('./assets/')) problems.push(`${address} is not relative to the page`);
}
for (const extra of readdirSync(dist)) {
  if (!['index.html', 'assets', 'licenses.md'].includes(extra)) problems.push(`${extra} is not known to the server`);
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
