import { defineConfig } from 'vite';

// Everything is relative to the page, so that it also works behind a proxy that adds a prefix.
export default defineConfig({
  base: './',
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    emptyOutDir: true,
    // `light-dark()` stays as it is written; browsers older than these cannot show the page.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing is inlined as a data: address: fonts and scripts of that kind are forbidden.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/debug': 'http://127.0.0.1:9901', '/-': 'http://127.0.0.1:9901' } },
});
