import { statSync } from 'node:fs'
import type { Store } from './store.ts'

/** A file of the data folder that is written once and never again. */
export const MARK_FILE = 'mark'

/**
 * Whether the data folder is a copy: restored from a backup, or brought here from another machine. The database remembers the number and
 * the time of change of a file, which no copy has. What sets back a whole disk, as a snapshot of a virtual machine does, is not seen by this.
 */
export function isCopy(store: Store, file: string): boolean {
  const known = store.meta('folder-mark')
  return known !== undefined && known !== markOf(file)
}

/** From now on the folder is the original. */
export function mark(store: Store, file: string): void {
  store.putMeta('folder-mark', markOf(file))
}

function markOf(file: string): string {
  const { ino, ctimeNs } = statSync(file, { bigint: true })
  return `${ino} ${ctimeNs}`
}
