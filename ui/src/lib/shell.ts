/** Let the service worker keep the pages, where the browser allows one (HTTPS or this machine). */
export function keepShell(): void {
  if (!('serviceWorker' in navigator)) return;
  // Without one everything works but a reload without a network: no reason to say anything.
  navigator.serviceWorker.register('./sw.js', { scope: './', updateViaCache: 'none' }).catch(() => undefined);
}
