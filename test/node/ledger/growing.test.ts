import { beforeEach, describe, expect, test } from 'vitest'
import { exhibitOf } from '../../../node/ledger/alarm.ts'
import { type GrowingLedger, openGrowing, openGrowingWith } from '../../../node/ledger/growing.ts'
import { storedLedger } from '../../../node/ledger/ledger.ts'
import { namesOf } from '../../../node/ledger/light.ts'
import { reliedAt } from '../../../node/ledger/places.ts'
import type { Storage } from '../../../node/ports/storage.ts'
import { serve } from '../../../node/requests.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import {
  type Device,
  type Member,
  type Membership,
  memberOfDevice,
} from '../../../protocol/community/membership.ts'
import { verifyEvidence } from '../../../protocol/log/evidence.ts'
import { proveRecord } from '../../../protocol/state/proof.ts'
import { stateHash, stateTree } from '../../../protocol/state/state.ts'
import { treeRoot } from '../../../protocol/state/tree.ts'
import { recordNameOf, STATE } from '../../../protocol/wire/state-service.ts'
import { invite, join, NOON, type Person, signerOf } from '../../support/community.ts'
import type { MemoryNetwork } from '../../support/memory-network.ts'
import type { StagedHistory } from '../../support/staged-log.ts'
import { createStage, holder, patience, type Stage, verifier } from './stage.ts'

/** Alice's community with Bob in it, and Mallory whom only a lying log knows. */
let stage: Stage
let history: StagedHistory
let bob: Person
let mallory: Person
let full: Membership
/** What the log says who is there. */
let shown: Membership
let asked: number

beforeEach(async () => {
  stage = await createStage()
  const sponsor = { ...stage.alice }
  const one = await invite(sponsor, 0, NOON)
  const joined = await join(one, 'Bob', NOON)
  bob = joined.person
  const other = await invite(sponsor, 1, NOON)
  mallory = (await join(other, 'Mallory', NOON)).person
  history = stage.founded.and(NOON, one.envelope, joined.envelope, other.envelope)
  stage.told = { history, cp: await history.checkpoint() }
  full = (await holder(stage, 'Full')).ledger.membership.value
  shown = full
  asked = 0
  await serve(stage.relay, STATE, async (_from, { get }) => {
    asked += get.length
    const tree = stateTree(shown)
    const proofs = get.map((name) => proveRecord(shown, tree, recordNameOf(name)))
    const state = stateHash(shown, treeRoot(tree))
    return { cp: await history.checkpoint(shown.size, { state }), proofs }
  })
})

/** A state in which somebody is whom no entry let in, as a lying log would sign it. */
function withMallory(): Membership {
  const bobs = full.members.get(bob.member) as Member
  const device = full.devices.get(bob.device.publicKey) as Device
  const members = full.members.draft()
  members.set(mallory.member, { ...bobs, id: mallory.member, root: mallory.root.publicKey })
  const devices = full.devices.draft()
  const key = mallory.device.publicKey
  devices.set(key, { ...device, key, member: mallory.member })
  return { ...full, members: members.done(), devices: devices.done() }
}

interface Newcomer {
  readonly network: MemoryNetwork
  readonly ledger: GrowingLedger
}

async function newcomer(label: string, storage: Storage = memoryStorage()): Promise<Newcomer> {
  const network = stage.hub.add(signerOf(`${label} session`).publicKey)
  stage.hub.link(network.peer, stage.relay.peer)
  const means = { network, verifier, storage, clock: stage.clock, connected: () => true }
  const me = namesOf({ member: bob.member, device: bob.device.publicKey })
  const opened = await openGrowing(history.community, stage.relay.peer, me, means, patience())
  if (!opened.ok) throw new Error(`${opened.reason} ${opened.at ?? ''}`)
  return { network, ledger: opened.value }
}

const isMember = (ledger: GrowingLedger, person: Person) =>
  memberOfDevice(ledger.membership.value, person.device.publicKey)?.id === person.member
const named = (person: Person) => ({ member: person.member, device: person.device.publicKey })

async function grown(ledger: GrowingLedger): Promise<void> {
  await ledger.grow(patience(), () => {})
}

test('LIGHT-2: knows itself at once, whom it meets when it meets them, and everybody when it has read the ledger', async () => {
  const { ledger } = await newcomer('light')
  expect(isMember(ledger, bob)).toBe(true)
  expect(isMember(ledger, stage.alice)).toBe(false)
  expect(ledger.reading.value).toEqual({ done: 1, of: 1 })
  await ledger.meet(named(stage.alice))
  expect(isMember(ledger, stage.alice)).toBe(true)
  await grown(ledger)
  expect(ledger.reading.value).toBeUndefined()
  expect(ledger.membership.value.size).toBe(full.size)
  expect([...ledger.membership.value.members.keys()]).toEqual([...full.members.keys()])
  expect(ledger.alarms.value).toEqual([])
})

test('LIGHT-2: whoever is met again is not asked for again, and those who are met together are asked for together', async () => {
  const { ledger } = await newcomer('light')
  const before = asked
  await Promise.all([ledger.meet(named(stage.alice)), ledger.meet(named(mallory))])
  expect(asked - before).toBe(4)
  await Promise.all([ledger.meet(named(stage.alice)), ledger.meet(named(mallory))])
  expect(asked - before).toBe(4)
  expect(isMember(ledger, mallory)).toBe(false)
})

test('LIGHT-4: it comes to know what those whom it knows committed to', async () => {
  const { ledger } = await newcomer('light')
  await ledger.identified()
  const profile = full.members.get(bob.member)?.profile
  expect(ledger.membership.value.members.get(bob.member)?.profile).toBe(profile)
})

test('LIGHT-3: the log does not go back: what is of a smaller tree is not taken', async () => {
  const { ledger } = await newcomer('light')
  shown = { ...full, size: full.size - 1 }
  expect(await ledger.look(namesOf(named(stage.alice)), patience())).toMatchObject({
    ok: false,
    reason: 'log-behind',
  })
  expect(isMember(ledger, stage.alice)).toBe(false)
})

test('LIGHT-2: a relay that is away leaves them unknown, and is asked again when it is back', async () => {
  const { ledger, network } = await newcomer('light')
  stage.hub.cut(network.peer, stage.relay.peer)
  await ledger.meet(named(stage.alice))
  expect(isMember(ledger, stage.alice)).toBe(false)
  stage.hub.link(network.peer, stage.relay.peer)
  await ledger.meet(named(stage.alice))
  expect(isMember(ledger, stage.alice)).toBe(true)
})

describe('LIGHT-5: a log that signed another state', () => {
  test('is believed until the ledger was read, and then convicted; nobody stays who is in no entry', async () => {
    shown = withMallory()
    const { ledger } = await newcomer('light')
    await ledger.meet(named(mallory))
    expect(isMember(ledger, mallory)).toBe(true)
    await grown(ledger)
    expect(ledger.alarms.value.map(({ kind }) => kind)).toContain('state-wrong')
    expect(isMember(ledger, mallory)).toBe(false)
    expect(isMember(ledger, bob)).toBe(true)
  })

  test('also when the device starts again half way, and the log shows the truth since', async () => {
    const storage = memoryStorage()
    shown = withMallory()
    const before = await newcomer('before', storage)
    await before.ledger.meet(named(mallory))
    shown = full
    const { ledger } = await newcomer('after', storage)
    await grown(ledger)
    const kinds = ledger.alarms.value.map(({ kind }) => kind)
    expect(kinds).toContain('forked')
    for (const alarm of ledger.alarms.value) {
      if (!('evidence' in alarm)) continue
      const { community, logs } = full
      expect((await verifyEvidence(verifier, { community, keys: logs }, exhibitOf(alarm))).ok).toBe(true)
    }
  })

  test('also when the device stopped after it had read the ledger, and before it judged', async () => {
    const size = full.size - 1
    shown = { ...withMallory(), size }
    stage.told = { history, size, cp: await history.checkpoint(size) }
    const lied = memoryStorage()
    await newcomer('lied to', lied)
    const believed = await lied.list(reliedAt(history.community))
    expect(believed).toHaveLength(1)
    shown = full
    stage.told = { history, cp: await history.checkpoint() }
    const read = memoryStorage()
    const reader = await newcomer('reader', read)
    await grown(reader.ledger)
    expect(reader.ledger.alarms.value).toEqual([])
    for (const [key, checkpoint] of believed) await read.put(key, checkpoint)
    const again = { network: reader.network, verifier, storage: read, clock: stage.clock }
    const ledger = await storedLedger(history.community, again)
    expect(ledger?.alarms.value.map(({ kind }) => kind)).toEqual(['state-wrong'])
    expect(await read.list(reliedAt(history.community))).toEqual([])
  })

  test('is convicted at once when somebody else is shown the truth of the same tree', async () => {
    shown = withMallory()
    const { ledger } = await newcomer('light')
    await ledger.compare(stage.relay.peer, await history.checkpoint(), stage.relay.peer, patience())
    expect(ledger.alarms.value.map(({ kind }) => kind)).toEqual(['forked'])
  })
})

describe('LIGHT-6: a newcomer', () => {
  test('knows the invitation and who gave it, and is a member as soon as the log has promised it', async () => {
    const invitation = await invite({ ...stage.alice }, 0, NOON)
    history = stage.founded.and(NOON, invitation.envelope)
    stage.told = { history, cp: await history.checkpoint() }
    shown = (await holder(stage, 'Other')).ledger.membership.value
    const network = stage.hub.add(signerOf('carol session').publicKey)
    stage.hub.link(network.peer, stage.relay.peer)
    const means = {
      network,
      verifier,
      storage: memoryStorage(),
      clock: stage.clock,
      connected: () => true,
    }
    const { community } = history
    const opened = await openGrowingWith(invitation.id, community, stage.relay.peer, means, patience())
    if (!opened.ok) throw new Error(opened.reason)
    const ledger = opened.value
    const key = invitation.envelope.payload.key
    expect(ledger.membership.value.invitationKeys.get(key)).toBe(invitation.id)
    expect(ledger.membership.value.members.has(stage.alice.member)).toBe(true)
    const carol = await join(invitation, 'Carol', NOON)
    const after = history.and(NOON, carol.envelope)
    stage.take = async () => ({ promise: (await history.promise(carol.envelope, history.size, NOON)).bytes })
    const submitted = await ledger.submit(stage.relay.peer, carol.envelope, patience())
    expect(submitted).toEqual({ ok: true, value: true })
    expect(isMember(ledger, carol.person)).toBe(true)
    // The tree has it now: what was promised is proved.
    history = after
    stage.told = { history, cp: await history.checkpoint() }
    shown = (await holder(stage, 'Later')).ledger.membership.value
    await ledger.pull(stage.relay.peer, patience())
    expect(isMember(ledger, carol.person)).toBe(true)
    await grown(ledger)
    expect(ledger.membership.value.size).toBe(history.size)
    expect(isMember(ledger, carol.person)).toBe(true)
    expect(ledger.alarms.value).toEqual([])
  })
})
