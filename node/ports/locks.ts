/** Keeps two tabs of one device from doing the same thing at once. */
export interface Locks {
  /**
   * Takes a named lock; the function gives it back, and twice is safe.
   * @param patience waits for its turn until this aborts; when left out, it is now or never
   * @returns `undefined` when somebody else holds it
   */
  take(name: string, patience?: AbortSignal): Promise<(() => void) | undefined>
}

/** Locks of one process, where nobody else could hold one. */
export function memoryLocks(): Locks {
  /** Those who wait for each lock that is held, in their order. */
  const held = new Map<string, (() => void)[]>()

  function holder(name: string): () => void {
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const next = held.get(name)?.shift()
      if (next) next()
      else held.delete(name)
    }
  }

  return {
    async take(name, patience) {
      const waiting = held.get(name)
      if (waiting === undefined) {
        held.set(name, [])
        return holder(name)
      }
      if (patience === undefined || patience.aborted) return undefined
      return new Promise((resolve) => {
        const stop = () => {
          waiting.splice(waiting.indexOf(turn), 1)
          resolve(undefined)
        }
        const turn = () => {
          patience.removeEventListener('abort', stop)
          resolve(holder(name))
        }
        waiting.push(turn)
        patience.addEventListener('abort', stop, { once: true })
      })
    },
  }
}

/** The Web Locks of one origin: given back by the browser itself when a tab goes away. */
export function browserLocks(): Locks {
  return {
    take: (name, patience) =>
      new Promise((resolve, reject) => {
        navigator.locks
          .request(name, patience ? { signal: patience } : { ifAvailable: true }, (lock) => {
            if (!lock) {
              resolve(undefined)
              return undefined
            }
            return new Promise<void>((release) => resolve(() => release()))
          })
          .catch((error: unknown) => {
            if (patience?.aborted) resolve(undefined)
            else reject(error)
          })
      }),
  }
}
