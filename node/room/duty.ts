import type { Act } from '../../protocol/room/operation.ts'
import type { Write } from './writer.ts'

/**
 * What a session writes without being asked, each time that it looks and something is due: one at a time. Nobody asked for it, so nobody is told when
 * it fails; it is due again at the next look.
 */
export function createDuty(write: Write, due: () => Act | undefined): () => void {
  let busy = false
  const done = () => {
    busy = false
  }
  return () => {
    const act = busy ? undefined : due()
    if (act === undefined) return
    busy = true
    write(act).then(done, done)
  }
}
