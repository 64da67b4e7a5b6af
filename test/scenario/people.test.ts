/** What members do about each other, over a real relay: withdraw, undo, vouch, ban, leave, erase, export; and what happens when the answer is lost. */

import { afterEach, expect, test, vi } from 'vitest'
import type { NewIdentity, Peer } from '../../node/view.ts'
import type { MemberId, StatementId } from '../../protocol/ids.ts'
import { lossyRoad } from '../support/lossy-road.ts'
import { codeOf, type Device, join, newDevice, PATIENCE, until } from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

/** More than any greeting, less than a withdrawal. Bytes. */
const A_STATEMENT = 300

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

interface Founded {
  readonly relay: RelayProcess
  readonly device: Device
  readonly alice: Peer
  /** Alice's recovery phrase: the council's, too. */
  readonly phrase: string
}

async function founded(): Promise<Founded> {
  const relay = await startRelayProcess()
  endings.push(() => relay.close())
  const device = await newDevice()
  const door = device.open(relay.origin)
  const identity: NewIdentity = await door.newIdentity()
  const token = codeOf(relay.foundingLink as string)
  const alice = stopLater(await door.found({ token, community: 'Le Baobab', name: 'Alice', identity }))
  await until(alice.relay, (state) => state === 'connected')
  return { relay, device, alice, phrase: identity.phrase.join(' ') }
}

function stopLater(peer: Peer): Peer {
  endings.push(() => peer.stop())
  return peer
}

async function guest(relay: RelayProcess, sponsor: Peer, name: string): Promise<Peer> {
  const peer = await join((await newDevice()).open(relay.origin), (await sponsor.invite()).link, name)
  return stopLater(peer)
}

/** The invitation on a slot of this member. */
async function invitationOn(peer: Peer, slot: number): Promise<StatementId> {
  const people = await peer.people()
  const view = await until(people.invitations, ({ slots }) => {
    const state = slots[slot]?.state
    return state === 'pending' || state === 'used'
  })
  const at = view.slots[slot]
  if (at?.state !== 'pending' && at?.state !== 'used') throw new Error(`slot ${slot} is ${at?.state}`)
  return at.invitation
}

async function knows(peer: Peer, member: MemberId): Promise<void> {
  await until((await peer.people()).all, (all) => all.some(({ id }) => id === member))
}

test('an invitation that was withdrawn lets nobody in, and its slot is free again', async () => {
  const { relay, alice } = await founded()
  const { link, slot } = await alice.invite()
  const people = await alice.people()
  const invitation = await invitationOn(alice, slot)
  await people.withdraw(invitation)
  expect(people.invitations.value.slots[slot]).toEqual({ slot, state: 'free' })
  const door = (await newDevice()).open(relay.origin)
  await expect(door.readInvitation(codeOf(link))).rejects.toMatchObject({ code: 'invitation-void' })
  await expect(people.withdraw(invitation)).rejects.toMatchObject({ code: 'invitation-void' })
})

test('what one tab signs at once goes into the ledger one after the other', async () => {
  const { alice } = await founded()
  const links = await Promise.all([alice.invite(), alice.invite(), alice.invite()])
  expect(links.map(({ slot }) => slot)).toEqual([0, 1, 2])
})

test('what two tabs of one device sign at once goes into the ledger one after the other', async () => {
  const { relay, device, alice } = await founded()
  const other = stopLater((await device.open(relay.origin).resume()) as Peer)
  await until(other.relay, (state) => state === 'connected')
  const tabs = [alice, other, alice, other]
  const links = await Promise.all(tabs.map((tab) => tab.invite()))
  expect(links.map(({ slot }) => slot).toSorted()).toEqual([0, 1, 2, 3])
})

test('a guest whom the sponsor takes back is a member no more, and the slot is free again', async () => {
  const { relay, alice } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  const people = await alice.people()
  await knows(alice, bob.me.id)
  const used = people.invitations.value.slots.find(({ state }) => state === 'used')
  if (used?.state !== 'used') throw new Error('nobody came in')
  expect(used).toMatchObject({ guest: bob.me.id, leaked: false, undo: bob.me.since + 24 * 3_600_000 })
  await people.undo(used.invitation)
  expect(people.invitations.value.slots[used.slot]).toEqual({ slot: used.slot, state: 'free' })
  expect(people.page(bob.me.id)?.person).toMatchObject({ standing: 'repudiated', sponsor: alice.me.id })
  const decisions = await until(
    people.decisions,
    (known) => known?.some(({ what }) => what === 'undone') === true,
  )
  expect(decisions?.[0]).toMatchObject({ what: 'undone', member: bob.me.id, by: alice.me.id })
  await expect((await bob.people()).vouch(alice.me.id)).rejects.toMatchObject({ code: 'not-in-standing' })
})

test('the council of one bans with its phrase and cuts the branch; a vouch from elsewhere brings somebody back; the ban is lifted', async () => {
  const { relay, alice, phrase } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  const carol = await guest(relay, bob, 'Carol')
  const dan = await guest(relay, alice, 'Dan')
  const people = await alice.people()
  for (const peer of [bob, carol, dan]) await knows(alice, peer.me.id)

  await expect(
    people.desk.decide(
      { what: 'ban', member: bob.me.id, why: 'spam', cut: true },
      phrase.replace(/^\w+/, 'zoo'),
    ),
  ).rejects.toMatchObject({
    code: 'phrase-wrong',
  })
  await people.desk.decide({ what: 'notice', member: bob.me.id, why: 'spam' }, phrase)
  expect(people.page(bob.me.id)).toMatchObject({ charging: false, rights: ['ban'] })
  const hisPeople = await bob.people()
  const told = await until(hisPeople.notices, ([first]) => first?.what === 'notice')
  expect(told).toMatchObject([{ what: 'notice', me: true, member: bob.me.id }])

  await people.desk.decide({ what: 'ban', member: bob.me.id, why: 'spam', cut: true }, phrase)
  expect(people.page(bob.me.id)).toMatchObject({
    person: { standing: 'banned' },
    ban: { why: 'spam', cuts: true, member: bob.me.id },
    rights: ['unban'],
    alone: true,
  })
  expect(people.page(carol.me.id)).toMatchObject({ person: { standing: 'cut' }, ban: { member: bob.me.id } })
  await expect(
    people.desk.decide({ what: 'ban', member: bob.me.id, why: 'spam', cut: false }, phrase),
  ).rejects.toMatchObject({ code: 'already-done' })

  const hers = await carol.people()
  await until(hers.notices, ([first]) => first?.what === 'cut' && first.me)
  const his = await dan.people()
  await until(his.all, (all) => all.some(({ id, standing }) => id === carol.me.id && standing === 'cut'))
  expect(his.page(carol.me.id)?.rights).toEqual(['vouch'])
  await his.vouch(carol.me.id)
  await until(hers.all, (all) => all.some(({ me, standing }) => me && standing === 'active'))
  expect(hers.page(carol.me.id)).toMatchObject({ vouches: [{ member: dan.me.id }], ban: undefined })

  await people.desk.decide({ what: 'unban', member: bob.me.id }, phrase)
  expect(people.page(bob.me.id)?.person.standing).toBe('active')
  const decisions = await until(people.decisions, (known) => known?.[0]?.what === 'unban')
  expect(decisions?.map(({ what }) => what)).toEqual(['unban', 'vouched', 'ban', 'notice'])
})

test('who erases their profile has no name any more, anywhere; who leaves has left; both can be exported before', async () => {
  const { relay, alice } = await founded()
  const device = await newDevice()
  const door = device.open(relay.origin)
  const identity = await door.newIdentity()
  const code = codeOf((await alice.invite()).link)
  await door.readInvitation(code)
  const bob = stopLater(await door.join({ code, name: 'Bob', identity }))
  await until(alice.members, (members) => members.some(({ name }) => name === 'Bob'))
  const people = await bob.people()

  const own = JSON.parse(await people.exportOwn())
  expect(own).toMatchObject({
    format: 'palabre-own-data',
    member: bob.me.id,
    profile: { name: 'Bob', m: bob.me.id },
    entries: [{ type: 'invite' }, { type: 'join' }],
  })
  expect(JSON.stringify(own)).not.toContain(identity.phrase.slice(0, 3).join(' '))

  await people.erase()
  await until(alice.members, (members) => members.every(({ name }) => name !== 'Bob'))
  await until(bob.members, (members) => members.every(({ name }) => name !== 'Bob'))
  await expect(people.erase()).rejects.toMatchObject({ code: 'already-done' })

  await expect(people.leave('not these words')).rejects.toMatchObject({ code: 'phrase-wrong' })
  await people.leave(identity.phrase.join('  ').toUpperCase())
  await until((await alice.people()).all, (all) =>
    all.some(({ id, standing }) => id === bob.me.id && standing === 'left'),
  )
  await until(alice.community, ({ members }) => members === 1)
})

test('an act whose answer was lost is the same act when the road is mended: nothing else is signed in its place', async () => {
  const { relay, device, alice } = await founded()
  await alice.stop()
  const road = await lossyRoad(relay.origin)
  endings.push(() => road.close())
  const again = await device.open(road.origin).resume()
  if (!again) throw new Error('the membership is lost')
  stopLater(again)
  await until(again.relay, (state) => state === 'connected')
  const people = await again.people()
  const { slot } = await again.invite()
  const invitation = await invitationOn(again, slot)

  const withdrawing = people.withdraw(invitation)
  const outcome = expect(withdrawing).rejects.toMatchObject({ code: 'relay-unreachable' })
  await road.loseAnswersTo(A_STATEMENT)
  expect(await device.storage.list('act/')).toHaveLength(1)
  road.mend()
  await outcome
  // Whether the relay had it or not: it is settled with the next visit, and the next act has the next place.
  await until(people.invitations, ({ slots }) => slots[slot]?.state === 'free')
  await vi.waitFor(async () => expect(await device.storage.list('act/')).toEqual([]), PATIENCE)
  await again.invite()
  expect(people.page(again.me.id)?.devices).toBe(1)
})
