import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const server = process.env.SUPPLYNET_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  // Relative addresses, so that the page also works behind a proxy that adds a path.
  base: './',
  plugins: [svelte()],
  build: {
    outDir: '../src/supplynet/web/static',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined as a data: address, which `default-src 'self'` would refuse.
    assetsInlineLimit: 0,
    // The list of files that the service worker keeps.
    manifest: 'assets.json',
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.txt' },
  },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
});
