import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpSource } from '../../../node/audit/http-source.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { decodeEntry, PROMISE } from '../../../protocol/community/entry.ts'
import { ERASE } from '../../../protocol/community/leave.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../../protocol/community/replay.ts'
import { open, peekId, peekType } from '../../../protocol/envelope.ts'
import { DEVICE_REMOVE } from '../../../protocol/identity/device.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import { parseCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { parseNote } from '../../../protocol/log/signed-note.ts'
import { stateHash, stateRoot } from '../../../protocol/state/state.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { HELLO, LEDGER, PROFILES } from '../../../protocol/wire/services.ts'
import { deviceAct, rootAct } from '../../support/acts.ts'
import {
  addDevice,
  invite,
  join,
  type Person,
  personOf,
  presence,
  signerOf,
} from '../../support/community.ts'
import { PATIENCE, until } from '../../support/node-peer.ts'
import { enterAs, knockWith, now, type RawClient, rawClient, refused } from '../../support/raw-client.ts'
import { deviceOf, type SeededRelay, startSeededRelay } from '../../support/seeded-relay.ts'
import { stolenJoins } from '../bad-input/forged.ts'
import { audit } from './auditor.ts'
import { good } from './book.ts'

const verifier = await platformVerifier()
const clients: RawClient[] = []
let town: SeededRelay
beforeAll(async () => {
  town = await startSeededRelay()
})
afterAll(async () => {
  for (const client of clients) await client.vanish()
  await town?.relay.close()
})

describe('a relay in the midst of them', () => {
  test('lets in the guest whose join Mallory hijacked in flight, and promises it to both as one', async () => {
    const { good: invitation } = town.invitations
    const mallory = await member(town.mallory)
    const before = await ledger(mallory)
    const { person: carol, envelope: seen } = await join(invitation, 'Carol', minute())
    const thief = await personOf(invitation.community, 'Thief', minute())
    for (const [name, put, reason] of await stolenJoins(seen, carol, invitation, thief))
      expect(refused(await mallory.ask(LEDGER, { put })), name).toBe(reason)
    expect(await ledger(mallory)).toEqual(before)

    // All that is left to her is to hand it in for Carol.
    const forHer = await promiseOf(mallory, seen.bytes)
    const newcomer = await connect()
    expect(refused(await newcomer.ask(LEDGER, { put: seen.bytes }))).toBe('reset')
    const carols = await member(carol)
    expect(await promiseOf(carols, seen.bytes)).toEqual(forHer)
    const { membership, entries } = await replayed(carols)
    expect(entries).toHaveLength(before.length + 1)
    expect(membership.members.get(carol.member)).toMatchObject({ sponsor: town.alice.member })
    expect(membership.members.has(thief.member)).toBe(false)
    expect(membership.members.get(town.mallory.member)?.lastGuest).toBeUndefined()
  })

  test('refuses the second who comes with a link, writes down that it leaked, and its sponsor sees that', async () => {
    const { other: invitation } = town.invitations
    // Both hold the link, and stand at the door.
    const [first, second] = [await connect(), await connect()]
    await knockWith(first, invitation)
    await knockWith(second, invitation)
    const dave = await join(invitation, 'Dave', minute())
    const trudy = await join(invitation, 'Second', minute())
    await promiseOf(first, dave.envelope.bytes)
    const size = (await ledger(await member(dave.person))).length
    expect(refused(await second.ask(LEDGER, { put: trudy.envelope.bytes }))).toBe('invitation-used')

    const daves = await member(dave.person)
    const entries = await grown(daves, size + 1)
    expect(entries.slice(size).map(typeOf)).toEqual(['leak'])
    const { membership } = await replayed(daves)
    expect(membership.voids).toEqual([])
    expect(membership.members.has(trudy.person.member)).toBe(false)
    expect(membership.invitations.get(invitation.id)).toMatchObject({
      guest: dave.person.member,
      leaked: true,
    })

    const alice = await (await deviceOf(town.alice)).open(town.relay.origin).resume()
    if (alice === undefined) throw new Error('Alice is no member')
    try {
      const slots = await until(alice.slots, (all) =>
        all.some((slot) => slot.state === 'used' && slot.leaked),
      )
      const leaked = slots.filter((slot) => slot.state === 'used' && slot.leaked)
      expect(leaked).toMatchObject([{ guest: dave.person.member }])
    } finally {
      await alice.stop()
    }
  })

  test('takes nothing of a stolen laptop any more once its owner has removed it, though it was connected all the time', async () => {
    const { bob } = town
    const bobs = await member(bob)
    const added = await addDevice(bob, 'Bob laptop', minute())
    await promiseOf(bobs, added.bytes)
    const laptop: Person = {
      ...bob,
      device: signerOf('Bob laptop'),
      deviceChain: { next: 0, last: added.id as StatementId },
    }
    const thief = await member(laptop)
    const invitation = await invite(laptop, 0, minute())
    await promiseOf(thief, invitation.envelope.bytes)
    await promiseOf(
      bobs,
      (await rootAct(bob, DEVICE_REMOVE, { device: laptop.device.publicKey }, minute())).bytes,
    )
    const before = await ledger(bobs)

    expect(
      refused(await thief.ask(LEDGER, { put: (await invite({ ...laptop }, 1, minute())).envelope.bytes })),
    ).toBe('device-removed')
    const again = await connect()
    const { bytes } = await presence(laptop, again.session, now())
    expect(refused(await again.ask(HELLO, { p: bytes }))).toBe('not-member')
    // Asked again for what was taken before, it gives the promise that it gave.
    await promiseOf(bobs, invitation.envelope.bytes)
    expect(await ledger(bobs)).toEqual(before)
    const { membership } = await replayed(bobs)
    expect(membership.invitations.get(invitation.id)).toMatchObject({ sponsor: bob.member, void: false })
  })

  test('has nothing left of a profile that was erased, and everything that an audit needs', async () => {
    const { oscar } = town
    const [oscars, bobs] = [await member(oscar), await member(town.bob)]
    expect(await bobs.ask(PROFILES, { get: [oscar.member] })).toEqual({ profiles: [oscar.profile.bytes] })
    await promiseOf(oscars, (await deviceAct(oscar, ERASE, {}, minute())).bytes)

    expect(await bobs.ask(PROFILES, { get: [oscar.member] })).toEqual({ profiles: [] })
    expect(refused(await bobs.ask(PROFILES, { put: oscar.profile.bytes }))).toBe('erased')
    expect(await bobs.ask(PROFILES, { get: [oscar.member] })).toEqual({ profiles: [] })
    const { membership, entries } = await replayed(bobs)
    expect(membership.members.get(oscar.member)).toMatchObject({ erased: true, standing: 'active' })

    const audited = await audit(await published(entries.length))
    expect(audited.findings).toEqual([])
    expect(audited.head.state).toEqual(stateHash(membership, stateRoot(membership)))
    expect(audited.checkpoint?.state).toEqual(audited.head.state)
  })
})

/** What was erased stays so when the process ends, and the ledger stays what it was. */
test('a relay that starts again has the same ledger, and still not the profile that was erased', async () => {
  const before = await replayed(await member(town.bob))
  for (const client of clients.splice(0)) await client.vanish()
  await town.relay.stop()
  await town.relay.restart()
  const bobs = await member(town.bob)
  const after = await replayed(bobs)
  expect(after.entries).toEqual(before.entries)
  expect(await bobs.ask(PROFILES, { get: [town.oscar.member] })).toEqual({ profiles: [] })
  const audited = await audit(await published(after.entries.length))
  expect(audited.findings).toEqual([])
  expect(audited.head.state).toEqual(stateHash(before.membership, stateRoot(before.membership)))
})

async function connect(): Promise<RawClient> {
  const client = await rawClient(town.site)
  clients.push(client)
  return client
}

async function member(person: Person): Promise<RawClient> {
  const client = await connect()
  await enterAs(client, person)
  return client
}

function minute(): number {
  return toLedgerTime(now())
}

async function promiseOf(client: RawClient, put: Uint8Array): Promise<unknown> {
  const answer = await client.ask(LEDGER, { put })
  if (answer === 'reset' || answer.promise === undefined) throw new Error(`not taken: ${refused(answer)}`)
  const promise = good(open(PROMISE, town.alice.community, answer.promise))
  expect(promise.payload.id).toBe(good(peekId(town.alice.community, put)))
  return promise.payload
}

/** Every entry that the relay gives. */
async function ledger(client: RawClient): Promise<readonly Uint8Array[]> {
  const answer = await client.ask(LEDGER, { get: 0 })
  if (answer === 'reset' || answer.entries === undefined) throw new Error(`not given: ${refused(answer)}`)
  return answer.entries
}

/** The same, once there are so many. */
async function grown(client: RawClient, size: number): Promise<readonly Uint8Array[]> {
  await expect.poll(async () => (await ledger(client)).length, { timeout: PATIENCE }).toBe(size)
  return ledger(client)
}

async function replayed(
  client: RawClient,
): Promise<{ readonly membership: Membership; readonly entries: readonly Uint8Array[] }> {
  const entries = await ledger(client)
  const begun = good(await beginLedger(verifier, entries[0] as Uint8Array))
  return { membership: good(await replay(verifier, begun, entries.slice(1))), entries }
}

/** The static files, once the checkpoint is of this size. */
async function published(size: number) {
  const source = httpSource(new URL('/log/', town.relay.origin))
  const sizeNow = async () => {
    const note = good(parseNote(await source.checkpoint(AbortSignal.timeout(PATIENCE))))
    return good(parseCheckpoint(note.text)).size
  }
  await expect.poll(sizeNow, { timeout: PATIENCE }).toBe(size)
  return source
}

function typeOf(entry: Uint8Array): string {
  return good(peekType(good(decodeEntry(entry)).e))
}
