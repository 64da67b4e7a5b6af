import { describe, expect, test } from 'vitest'
import { openProfiles } from '../../node/profiles.ts'
import { serve } from '../../node/requests.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import type { Member, Membership } from '../../protocol/community/membership.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { PROFILES } from '../../protocol/wire/services.ts'
import type { Person } from '../support/community.ts'
import { PATIENCE } from '../support/patience.ts'
import { createScene, verifier } from './mesh/scene.ts'

const patience = () => AbortSignal.timeout(PATIENCE)

/** Alice, who knows no names, and a relay that answers with these profiles whatever it is asked for. */
async function rig(names: readonly string[], answer: (people: readonly Person[]) => readonly Uint8Array[]) {
  const scene = await createScene()
  const alice = await scene.session('Alice')
  const relay = await scene.session('relay')
  const people: Person[] = []
  for (const name of names) people.push((await scene.session(name)).person)
  await serve(relay.network, PROFILES, async () => ({ profiles: answer(people) }))
  const storage = memoryStorage()
  let membership: Membership | undefined
  const judging = { verifier, membership: () => membership ?? scene.membership() }
  const profiles = await openProfiles(judging, alice.network, storage)
  let told = 0
  profiles.names.subscribe(() => {
    told += 1
  })
  return {
    people,
    profiles,
    fetch: () => profiles.fetch(relay.network.peer, patience()),
    told: () => told,
    change: (id: MemberId, changed: Partial<Member>) => {
      const now = judging.membership()
      const member = { ...(now.members.get(id) as Member), ...changed }
      membership = { ...now, members: now.members.draft().set(id, member).done() }
    },
    stored: async () => (await storage.list('profile/')).length,
    again: () => openProfiles(judging, alice.network, storage),
  }
}

const whole = (people: readonly Person[]) => people.map(({ profile }) => profile.bytes)

describe('names', () => {
  test('are fetched, told once for all, and kept', async () => {
    const { people, profiles, fetch, told, again } = await rig(['Bob', 'Carol', 'David'], whole)
    await fetch()
    for (const { member, name } of people) expect(profiles.names.value(member)).toBe(name)
    expect(told()).toBe(1)
    const later = await again()
    for (const { member, name } of people) expect(later.names.value(member)).toBe(name)
    expect(later.held(people.map(({ member }) => member))).toEqual(whole(people))
  })

  test('ERASE-1 PROF-1 are forgotten when their member asks for it, and not taken again', async () => {
    const { people, profiles, fetch, change, stored, again } = await rig(['Bob', 'Carol'], whole)
    const [bob, carol] = people as [Person, Person]
    await fetch()
    change(bob.member, { erased: true })
    await profiles.forgetErased()
    expect([profiles.names.value(bob.member), profiles.names.value(carol.member)]).toEqual([
      undefined,
      'Carol',
    ])
    expect(profiles.held([bob.member])).toEqual([])
    expect(await profiles.take(bob.profile.bytes)).toEqual({ ok: false, reason: 'erased' })
    expect(await stored()).toBe(1)
    change(carol.member, { erased: true })
    // Who was away when it was asked deletes it when they come back.
    expect((await again()).held([carol.member])).toEqual([])
    expect(await stored()).toBe(0)
  })

  test('of who was banned since stay', async () => {
    const { people, fetch, change, again } = await rig(['Bob'], whole)
    const [bob] = people as [Person]
    await fetch()
    change(bob.member, { standing: 'banned' })
    expect((await again()).names.value(bob.member)).toBe('Bob')
  })

  test('that a relay makes up are not believed, and not told of', async () => {
    const { people, profiles, fetch, told } = await rig(['Bob'], ([bob]) => {
      const bytes = (bob as Person).profile.bytes.slice()
      const at = Buffer.from(bytes).indexOf('Bob')
      bytes.set(Buffer.from('Eve'), at)
      return [bytes]
    })
    await fetch()
    expect(people.map(({ member }) => profiles.names.value(member))).toEqual([undefined])
    expect(told()).toBe(0)
  })
})
