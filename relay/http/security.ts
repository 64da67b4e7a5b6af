/** A host with an optional port, as a URL has it: nothing that could end a directive of a policy. */
const HOST = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** `Host` of a request when it may stand in a header of ours; `undefined` when it is none. */
export function readHost(header: string | undefined): string | undefined {
  return header !== undefined && HOST.test(header) ? header : undefined
}

/**
 * Headers of every answer.
 * @param host of the request, by which the page reaches its relay over WebSocket
 * @param relays further origins `wss://host[:port]` under which this relay is announced
 */
export function securityHeaders(host: string, relays: readonly string[]): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentPolicy([`ws://${host}`, `wss://${host}`, ...relays]),
    // The app asks for the microphone and for nothing else, and no page inside it may.
    'Permissions-Policy':
      'microphone=(self), autoplay=(self), camera=(), geolocation=(), display-capture=(), usb=(), serial=(), payment=()',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  }
}

/** CSP level 3. `'self'` means the WebSocket of the same origin to some browsers only, so it is named. */
function contentPolicy(sockets: readonly string[]): string {
  return [
    "default-src 'none'",
    // The audit in the browser verifies signatures in WebAssembly, which this allows, and still no JavaScript made of text.
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self' ${[...new Set(sockets)].join(' ')}`,
    "media-src 'self' blob: mediastream:",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}
