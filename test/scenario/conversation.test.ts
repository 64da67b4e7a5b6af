import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ParticipantView, Peer, RoomSession } from '../../node/view.ts'
import { codeOf, found, join, joinListed, microphone, newDevice, until } from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

let relay: RelayProcess
let alice: Peer
let bob: Peer
let carol: Peer
let first: string

beforeAll(async () => {
  relay = await startRelayProcess()
  alice = await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice')
  first = (await alice.invite()).link
  bob = await join((await newDevice()).open(relay.origin), first, 'Bob')
  carol = await join((await newDevice()).open(relay.origin), (await alice.invite()).link, 'Carol')
})

afterAll(async () => {
  for (const peer of [alice, bob, carol]) await peer?.stop()
  await relay?.close()
})

/** How this session sees that member. */
function seen(session: RoomSession, member: Peer): ParticipantView | undefined {
  return session.view.value.people.find((person) => person.member === member.me.id)
}

/** Waits until every session sees the member so. */
async function everybodySees(
  sessions: readonly RoomSession[],
  member: Peer,
  as: Partial<ParticipantView>,
): Promise<void> {
  const fits = (person: ParticipantView | undefined) =>
    person !== undefined &&
    Object.entries(as).every(([key, value]) => person[key as keyof ParticipantView] === value)
  await Promise.all(sessions.map((session) => until(session.view, () => fits(seen(session, member)))))
}

describe('a community of three', () => {
  test('knows its members by name, and who invited whom', async () => {
    for (const peer of [alice, bob, carol]) {
      const members = await until(
        peer.members,
        (all) => all.length === 3 && all.every((member) => member.name !== undefined),
      )
      expect(members.map(({ name, founder, sponsor }) => ({ name, founder, sponsor }))).toEqual([
        { name: 'Alice', founder: true, sponsor: undefined },
        { name: 'Bob', founder: false, sponsor: alice.me.id },
        { name: 'Carol', founder: false, sponsor: alice.me.id },
      ])
      expect(peer.community.value).toMatchObject({ name: 'Under the tree', members: 3 })
    }
  })

  test('shows the sponsor which invitation was used, and by whom', async () => {
    const slots = await until(alice.slots, (all) => all.filter((slot) => slot.state === 'used').length === 2)
    expect(slots.slice(0, 2)).toMatchObject([
      { slot: 0, state: 'used', guest: bob.me.id },
      { slot: 1, state: 'used', guest: carol.me.id },
    ])
  })

  test('lets nobody in twice with one invitation', async () => {
    const device = await newDevice()
    const door = device.open(relay.origin)
    await expect(door.readInvitation(codeOf(first))).rejects.toMatchObject({ code: 'invitation-used' })
    expect(await device.storage.list('')).toEqual([])
  })
})

test('a room from its opening to its end', async () => {
  const hers = await alice.openRoom({ title: 'Evening', topics: ['stars'], language: 'en' })
  const his = await joinListed(bob, 'Evening')
  const both = [hers, his]
  await everybodySees(both, alice, { onStage: true, level: 100, muted: true, name: 'Alice' })
  await everybodySees(both, bob, { onStage: false, level: 0, name: 'Bob' })

  await his.raiseHand(true)
  await everybodySees(both, bob, { hand: 1 })
  // Consent: nobody is on stage who did not accept.
  await hers.offerStage(bob.me.id)
  await everybodySees(both, bob, { offered: true, onStage: false })
  await his.acceptStage(microphone())
  await everybodySees(both, bob, { onStage: true, offered: false, muted: true, hand: undefined, level: 20 })

  await hers.setMicrophone(microphone())
  await his.setMuted(false)
  await hers.setMuted(false)
  await everybodySees(both, bob, { muted: false })
  await until(hers.voices, (voices) => voices.some((voice) => voice.member === bob.me.id))
  await until(his.voices, (voices) => voices.some((voice) => voice.member === alice.me.id))

  // Who comes late sees what everybody sees, and hears both.
  const hersToo = await joinListed(carol, 'Evening')
  const all = [hers, his, hersToo]
  await everybodySees(all, alice, { onStage: true, muted: false, name: 'Alice' })
  await everybodySees(all, bob, { onStage: true, muted: false, level: 20, name: 'Bob' })
  await everybodySees(all, carol, { onStage: false, level: 0, name: 'Carol' })
  await until(hersToo.voices, (voices) => voices.length === 2)

  await hers.muteMember(bob.me.id)
  await everybodySees(all, bob, { muted: true, mutedByModerator: true })
  await until(hersToo.voices, (voices) => voices.every((voice) => voice.member !== bob.me.id))
  await expect(his.setMuted(false)).rejects.toMatchObject({ code: 'not-allowed' })
  await hers.unmuteMember(bob.me.id)
  await everybodySees(all, bob, { muted: true, mutedByModerator: false })
  await his.setMuted(false)
  await everybodySees(all, bob, { muted: false })

  // What only the host may do, the others may not.
  await expect(hersToo.muteMember(bob.me.id)).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(his.offerStage(carol.me.id)).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(hersToo.end()).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(hersToo.acceptStage(microphone())).rejects.toMatchObject({ code: 'not-allowed' })

  await his.stepDown()
  await everybodySees(all, bob, { onStage: false, level: 0 })
  await until(hers.voices, (voices) => voices.length === 0)
  await hers.offerStage(carol.me.id)
  await everybodySees(all, carol, { offered: true })
  await hersToo.declineStage()
  await everybodySees(all, carol, { offered: false, onStage: false })

  await his.leave()
  expect(his.view.value.status).toBe('left')
  await Promise.all([hers, hersToo].map((session) => until(session.view, () => !seen(session, bob))))

  await hers.end()
  await until(hersToo.view, (view) => view.status === 'ended')
  await until(bob.rooms, (rooms) => rooms.length === 0)
  await until(carol.rooms, (rooms) => rooms.length === 0)
  await expect(bob.joinRoom(hers.view.value.id)).rejects.toMatchObject({ code: 'room-gone' })
  await hersToo.leave()
  await hers.leave()
})
