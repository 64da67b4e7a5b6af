import { equalBytes } from '../../protocol/bytes.ts'
import type { MemberId, OperationId } from '../../protocol/ids.ts'
import { MAX_HEADS } from '../../protocol/limits.ts'
import { stateDigest } from '../../protocol/room/state.ts'
import type { RoomLog } from './log.ts'

/** What somebody says of their state (SPEC SYNC-4). */
interface Told {
  readonly heads?: readonly OperationId[] | undefined
  readonly digest?: Uint8Array | undefined
}

/** Members that are remembered to differ: a liar can speak for themselves alone, and for no crowd. */
const MAX_DIFFERING = 16

/** Whether those in a room make the same of the same operations: a resolver that is wrong, or a client that lies, shows here. */
export interface Agreement {
  /** What we say of our own state. Nobody can compare more heads than an answer has. */
  own(): { readonly digest?: Uint8Array }
  /** Takes in what somebody said; true when that changed who differs. */
  compare(member: MemberId, told: Told): boolean
  /** Who has the same operations and says that they come to something else. */
  readonly differing: ReadonlySet<MemberId>
}

export function createAgreement(log: RoomLog): Agreement {
  const differing = new Set<MemberId>()
  let known = log.state
  let digest: Uint8Array | undefined

  /** Of the state now; made once for each. */
  function digestNow(): Uint8Array {
    if (digest === undefined || known !== log.state) {
      known = log.state
      digest = stateDigest(known)
    }
    return digest
  }

  return {
    own: () => (log.history.heads.length <= MAX_HEADS ? { digest: digestNow() } : {}),
    compare(member, told) {
      if (told.digest === undefined || !isSame(told.heads, log.history.heads)) return false
      if (equalBytes(told.digest, digestNow())) return differing.delete(member)
      if (differing.has(member) || differing.size >= MAX_DIFFERING) return false
      differing.add(member)
      return true
    },
    differing,
  }
}

/** Both in ascending order. */
function isSame(theirs: readonly OperationId[] | undefined, ours: readonly OperationId[]): boolean {
  return theirs?.length === ours.length && ours.every((head, i) => head === theirs[i])
}
