import type { Peer } from '../../node/view.ts'

/** Who passes through the list enters nothing. Milliseconds. */
const MOMENT_MS = 300
/** Signs of somebody within so many milliseconds are one. */
const APART_MS = 1_000
/** What only somebody who is there does. */
const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'focusin', 'scroll'] as const

/** The page on which the list is, as far as this looks at it: `document`. */
export interface ListPage extends EventTarget {
  readonly hidden: boolean
}

/**
 * Tells the peer while somebody looks at the list of rooms: once they have for a moment, and with each thing that they do; not of a page that is hidden.
 * @param isEntering the list is left for a room: what was made ready is for that
 * @returns ends it
 */
export function watchEntry(
  peer: Pick<Peer, 'expectEntry'>,
  page: ListPage,
  isEntering: () => boolean,
): () => void {
  const ending = new AbortController()
  let saidAt = Number.NEGATIVE_INFINITY

  function say(): void {
    const now = performance.now()
    if (page.hidden || now - saidAt < APART_MS) return
    saidAt = now
    peer.expectEntry(true)
  }

  function turn(): void {
    saidAt = Number.NEGATIVE_INFINITY
    if (page.hidden) peer.expectEntry(false)
    else say()
  }

  const moment = setTimeout(say, MOMENT_MS)
  const options = { signal: ending.signal, passive: true, capture: true }
  for (const sign of SIGNS) page.addEventListener(sign, say, options)
  page.addEventListener('visibilitychange', turn, options)
  return () => {
    clearTimeout(moment)
    ending.abort()
    if (!isEntering()) peer.expectEntry(false)
  }
}
