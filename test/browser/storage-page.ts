/** What runs inside the page of storage.test.ts: the browser's adapters, with the hands of the test on them. */

import { browserLocks } from '../../node/ports/locks.ts'
import { browserStorage } from '../../node/storage/browser-storage.ts'
import { STORAGE_CONTRACT } from '../contract/storage.ts'

const held = new Map<string, () => void>()
let patience = new AbortController()
let waited: boolean | undefined

const storagePage = {
  /** What a case of the contract fails with, on a database of its own. */
  async failureOf(name: string): Promise<string | undefined> {
    const each = STORAGE_CONTRACT.find((one) => one.name === name)
    if (each === undefined) throw new Error(`no case is named ${name}`)
    try {
      await each.run(await browserStorage(`contract ${name}`))
      return undefined
    } catch (error) {
      return String(error)
    }
  },
  async put(key: string, value: string): Promise<void> {
    await (await browserStorage('kept')).put(key, value)
  },
  async get(key: string): Promise<unknown> {
    return (await browserStorage('kept')).get(key)
  },
  /** Whether this tab has the lock now. */
  async take(name: string): Promise<boolean> {
    const release = await browserLocks().take(name)
    if (release !== undefined) held.set(name, release)
    return release !== undefined
  },
  /** Waits for the lock; `waited` says what became of it. */
  wait(name: string): void {
    patience = new AbortController()
    waited = undefined
    void browserLocks()
      .take(name, patience.signal)
      .then((release) => {
        if (release !== undefined) held.set(name, release)
        waited = release !== undefined
      })
  },
  /** Whether this tab got what it waited for; undefined while it waits. */
  waited: () => waited,
  stopWaiting(): void {
    patience.abort()
  },
  giveBack(name: string): void {
    held.get(name)?.()
  },
}

declare global {
  interface Window {
    storagePage: typeof storagePage
  }
}

window.storagePage = storagePage
