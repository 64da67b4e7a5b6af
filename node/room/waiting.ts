import type { MemberId, OperationId } from '../../protocol/ids.ts'
import { countOfActs } from '../../protocol/room/bundle.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'

/** A flood of acts whose ancestors never come costs memory up to here and no further; anti-entropy brings what was dropped. */
const MAX_WAITING = 256

/** Operations that wait for their ancestors (ROOM-1). Where there are too many, whoever has the most there gives way: a flood starves its maker alone. */
export interface Waiting {
  add(signed: SignedOperation): void
  delete(signed: SignedOperation): void
  all(): readonly SignedOperation[]
}

interface Theirs {
  readonly waiting: Map<OperationId, SignedOperation>
  acts: number
}

export function createWaiting(): Waiting {
  const byMember = new Map<MemberId, Theirs>()
  let acts = 0

  function remove({ id, operation }: SignedOperation): void {
    const theirs = byMember.get(operation.m)
    if (!theirs?.waiting.delete(id)) return
    const count = countOfActs(operation)
    acts -= count
    theirs.acts -= count
    if (theirs.waiting.size === 0) byMember.delete(operation.m)
  }

  /** The newest of those who have the most. */
  function surplus(): SignedOperation | undefined {
    let most: Theirs | undefined
    for (const theirs of byMember.values()) if (theirs.acts > (most?.acts ?? 0)) most = theirs
    return most && [...most.waiting.values()].at(-1)
  }

  return {
    add(signed) {
      const { m } = signed.operation
      const theirs = byMember.get(m) ?? { waiting: new Map(), acts: 0 }
      if (theirs.waiting.has(signed.id)) return
      theirs.waiting.set(signed.id, signed)
      byMember.set(m, theirs)
      const count = countOfActs(signed.operation)
      acts += count
      theirs.acts += count
      while (acts > MAX_WAITING) remove(surplus() as SignedOperation)
    },
    delete: remove,
    all: () => [...byMember.values()].flatMap((theirs) => [...theirs.waiting.values()]),
  }
}
