import { type LedgerSource, SourceError } from './source.ts'
import { type Files, tileSource } from './tile-source.ts'

/** A server that does not finish a file of at most 1.5 MB in this time will not. Milliseconds. */
const PATIENCE = 30_000

/** A log on a web server: a relay's, or a mirror's. Runs in a browser too. @param base where `checkpoint` is, with or without a slash at the end */
export function httpSource(base: URL, fetcher: typeof fetch = fetch): LedgerSource {
  return tileSource(httpFiles(base, fetcher))
}

function httpFiles(base: URL, fetcher: typeof fetch): Files {
  const root = new URL(base.href.endsWith('/') ? base.href : `${base.href}/`)
  return {
    name: root.href,
    async read(path, maxBytes, signal) {
      const url = new URL(path, root)
      try {
        const response = await fetcher(url, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
          // Who audits must not be told apart, and a checkpoint of yesterday is of no use.
          credentials: 'omit',
          cache: path === 'checkpoint' ? 'no-store' : 'default',
        })
        if (response.status === 404 || response.status === 410) {
          await response.body?.cancel()
          return undefined
        }
        if (!response.ok) {
          await response.body?.cancel()
          throw new SourceError('source-unreadable', `${url} answers with status ${response.status}.`)
        }
        return await readBody(response, maxBytes, url)
      } catch (cause) {
        signal.throwIfAborted()
        if (cause instanceof SourceError) throw cause
        throw new SourceError('source-unreadable', `Nobody answers at ${url}.`, { cause })
      }
    },
  }
}

async function readBody(response: Response, maxBytes: number, url: URL): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > maxBytes)
      throw new SourceError(
        'source-unreadable',
        `${url} has more than ${maxBytes} bytes, which no log needs.`,
      )
    parts.push(part)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
