import type { CommunityId, MemberId } from '../protocol/ids.ts'
import { Observed } from './observed.ts'
import type { Storage } from './ports/storage.ts'

/** Whom this member does not want to hear or see. It is kept on this device and told to nobody. */
export interface Blocks {
  readonly blocked: Observed<ReadonlySet<MemberId>>
  set(member: MemberId, on: boolean): Promise<void>
}

export async function openBlocks(storage: Storage, community: CommunityId): Promise<Blocks> {
  const prefix = `block/${community}/`
  const kept = await storage.list(prefix)
  const blocked = new Observed<ReadonlySet<MemberId>>(
    new Set(kept.map(([key]) => key.slice(prefix.length) as MemberId)),
  )
  return {
    blocked,
    async set(member, on) {
      await (on ? storage.put(prefix + member, true) : storage.delete(prefix + member))
      const next = new Set(blocked.value)
      if (on) next.add(member)
      else next.delete(member)
      blocked.set(next)
    },
  }
}
