import type { Act } from '../../protocol/room/operation.ts'
import type { Write } from './writer.ts'

/**
 * What a session writes without being asked, each time that it looks and something is due: what is due at once is said at once, and nothing more until that is done. Nobody asked for it, so nobody is told when
 * it fails; it is due again at the next look.
 */
export function createDuty(write: Write, due: () => readonly Act[]): () => void {
  let busy = false
  const done = () => {
    busy = false
  }
  return () => {
    const acts = busy ? [] : due()
    if (acts.length === 0) return
    busy = true
    write(...acts).then(done, done)
  }
}
