/** Keeps two tabs of one device from doing the same thing at once. */
export interface Locks {
  /** Takes a named lock that nobody holds; the function gives it back, and twice is safe. `undefined` when somebody holds it. */
  take(name: string): Promise<(() => void) | undefined>
}

/** Locks of one process, where nobody else could hold one. */
export function memoryLocks(): Locks {
  const held = new Map<string, symbol>()
  return {
    async take(name) {
      if (held.has(name)) return undefined
      const holder = Symbol(name)
      held.set(name, holder)
      return () => {
        if (held.get(name) === holder) held.delete(name)
      }
    },
  }
}

/** The Web Locks of one origin: given back by the browser itself when a tab goes away. */
export function browserLocks(): Locks {
  return {
    take: (name) =>
      new Promise((resolve, reject) => {
        navigator.locks
          .request(name, { ifAvailable: true }, (lock) => {
            if (!lock) {
              resolve(undefined)
              return undefined
            }
            return new Promise<void>((release) => resolve(() => release()))
          })
          .catch(reject)
      }),
  }
}
