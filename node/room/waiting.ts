import type { MemberId, OperationId } from '../../protocol/ids.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'

/** A flood of operations whose ancestors never come costs memory up to here and no further; anti-entropy brings what was dropped. */
const MAX_WAITING = 256

/** Operations that wait for their ancestors (ROOM-1). Where there are too many, whoever has the most there gives way: a flood starves its maker alone. */
export interface Waiting {
  add(signed: SignedOperation): void
  delete(signed: SignedOperation): void
  all(): readonly SignedOperation[]
}

export function createWaiting(): Waiting {
  const byMember = new Map<MemberId, Map<OperationId, SignedOperation>>()
  let size = 0

  function remove({ id, operation: { m } }: SignedOperation): void {
    const theirs = byMember.get(m)
    if (!theirs?.delete(id)) return
    size--
    if (theirs.size === 0) byMember.delete(m)
  }

  /** The newest of those who have the most. */
  function surplus(): SignedOperation | undefined {
    let most: ReadonlyMap<OperationId, SignedOperation> | undefined
    for (const theirs of byMember.values()) if (theirs.size > (most?.size ?? 0)) most = theirs
    return most && [...most.values()].at(-1)
  }

  return {
    add(signed) {
      const { m } = signed.operation
      const theirs = byMember.get(m) ?? new Map<OperationId, SignedOperation>()
      if (theirs.has(signed.id)) return
      byMember.set(m, theirs.set(signed.id, signed))
      size++
      const last = size > MAX_WAITING ? surplus() : undefined
      if (last !== undefined) remove(last)
    },
    delete: remove,
    all: () => [...byMember.values()].flatMap((theirs) => [...theirs.values()]),
  }
}
