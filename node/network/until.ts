/**
 * Resolves as soon as `condition` holds; it is asked at once and on every `changed`.
 * @param watch starts watching and gives back how to stop
 * @throws the signal's reason when that aborts first
 */
export function until(
  condition: () => boolean,
  watch: (changed: () => void) => () => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    if (condition()) return resolve()
    const settle = (how: () => void) => {
      unwatch()
      signal.removeEventListener('abort', onAbort)
      how()
    }
    const onAbort = () => settle(() => reject(signal.reason))
    const unwatch = watch(() => {
      if (condition()) settle(resolve)
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
