import { membersInOrder } from '../protocol/community/membership.ts'
import type { Envelope } from '../protocol/envelope.ts'
import type { Profile } from '../protocol/identity/profile.ts'
import type { MemberId } from '../protocol/ids.ts'
import type { Reason } from '../protocol/reasons.ts'
import { good, type Result } from '../protocol/result.ts'
import { MAX_PROFILES_AN_ANSWER, PROFILES } from '../protocol/wire/services.ts'
import type { Judging } from './gossip/received.ts'
import { UNKNOWN_PROFILE } from './ledger/unknown-profile.ts'
import type { Network, PeerIdString } from './network/network.ts'
import { Observed } from './observed.ts'
import type { Storage } from './ports/storage.ts'
import { openProfile, readProfile } from './read-profile.ts'
import { ask } from './requests.ts'

/** Profiles asked for in one go: a community's worth of names comes in a few rounds, and erased ones cost little. */
const MAX_FETCHED = 8 * MAX_PROFILES_AN_ANSWER

/** The names behind the members, as far as this peer holds them: blobs beside the ledger that can be erased. */
export interface Profiles {
  /** The name of a member; a new function whenever one arrives. */
  readonly names: Observed<(member: MemberId) => string | undefined>
  /** The profiles of these members that are held here, as they were signed. */
  held(members: readonly MemberId[]): readonly Uint8Array[]
  /** Checks a profile against its member's identity, and keeps it. */
  take(bytes: Uint8Array): Promise<Result<true, Reason>>
  /** Asks a relay or peer for those that are missing. @throws NetworkError */
  fetch(from: PeerIdString, signal: AbortSignal): Promise<void>
  /** Deletes the profiles of those who asked for that (ERASE-1). */
  forgetErased(): Promise<void>
}

export async function openProfiles(judging: Judging, network: Network, storage: Storage): Promise<Profiles> {
  const prefix = `profile/${judging.membership().community}/`
  const profiles = new Map<MemberId, { readonly name: string; readonly bytes: Uint8Array }>()
  const nameOf = () => (member: MemberId) => profiles.get(member)?.name
  const names = new Observed(nameOf())

  const show = ({ payload: { m, name }, bytes }: Envelope<Profile>): void => {
    profiles.set(m, { name, bytes })
  }

  async function keep(bytes: Uint8Array): Promise<Result<true, Reason>> {
    const read = await readProfile(judging, bytes)
    if (!read.ok) return read
    show(read.value)
    await storage.put(`${prefix}${read.value.payload.m}`, bytes)
    return good(true)
  }

  // Who signed them was asked when they came, and who was banned since keeps their name.
  for (const [key, bytes] of await storage.list(prefix)) {
    const read = openProfile(judging.membership(), bytes as Uint8Array)
    if (read.ok) show(read.value)
    else if (read.reason === 'erased') await storage.delete(key)
  }
  names.set(nameOf())

  return {
    names,
    held: (members) => members.flatMap((member) => profiles.get(member)?.bytes ?? []),
    async take(bytes) {
      const kept = await keep(bytes)
      if (kept.ok) names.set(nameOf())
      return kept
    },
    async fetch(from, signal) {
      // The newest first: of who came long ago and has no name nobody may hold one.
      const missing = membersInOrder(judging.membership())
        .filter(({ id, erased, profile }) => !erased && profile !== UNKNOWN_PROFILE && !profiles.has(id))
        .map((member) => member.id)
        .reverse()
      for (let i = 0; i < Math.min(missing.length, MAX_FETCHED); i += MAX_PROFILES_AN_ANSWER) {
        const get = missing.slice(i, i + MAX_PROFILES_AN_ANSWER)
        const answer = await ask(network, from, PROFILES, { get }, signal)
        if (!answer.ok) return
        let news = false
        for (const bytes of answer.value.profiles ?? []) news = (await keep(bytes)).ok || news
        // Once for all of them: each telling draws every member anew.
        if (news) names.set(nameOf())
      }
    },
    async forgetErased() {
      const { members } = judging.membership()
      const erased = [...profiles.keys()].filter((member) => members.get(member)?.erased)
      if (erased.length === 0) return
      for (const member of erased) profiles.delete(member)
      names.set(nameOf())
      for (const member of erased) await storage.delete(`${prefix}${member}`)
    },
  }
}
