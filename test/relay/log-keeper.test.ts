import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { type TurnedClock, turnedClock } from '../../node/ports/turned-clock.ts'
import { LOG_ROTATE } from '../../protocol/community/council.ts'
import { decodeEntry, encodeEntry, type LogPromise, PROMISE } from '../../protocol/community/entry.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { openStatement, type Statement } from '../../protocol/community/statement.ts'
import { type Envelope, open, seal, verifyEnvelope } from '../../protocol/envelope.ts'
import { type CommunityId, idOf, type StatementId } from '../../protocol/ids.ts'
import { createBatchVerifier, createVerifier } from '../../protocol/signature.ts'
import type { FoundRequest } from '../../protocol/wire/services.ts'
import { foundingToken } from '../../relay/founding.ts'
import { LogKeeper, type Taken } from '../../relay/log-keeper.ts'
import { logKeys } from '../../relay/log-keys.ts'
import { StartError } from '../../relay/start-error.ts'
import { Store } from '../../relay/store.ts'
import { councilAct } from '../support/acts.ts'
import {
  addDevice,
  bytesOf,
  type Founded,
  foundCommunity,
  type Invitation,
  invite,
  join as joinWith,
  NOON,
  personOf,
  signerOf,
} from '../support/community.ts'
import { temporaryFolder } from '../support/folder.ts'

const verifier = createVerifier()
const signer = signerOf('log')
const keys = logKeys(bytesOf('log'))

interface Kept {
  readonly keeper: LogKeeper
  readonly store: Store
  readonly clock: TurnedClock
}

async function keeperOn(file = ':memory:', clock = turnedClock(NOON * 1000)): Promise<Kept> {
  const store = new Store(file)
  return { store, clock, keeper: await LogKeeper.open({ store, verifier, keys, clock }) }
}

function foundingOf({ genesis, founder }: Founded, token: string): FoundRequest {
  return {
    token,
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
    profile: founder.profile.bytes,
  }
}

/** A keeper whose community Alice has founded. */
async function foundedKeeper(file?: string): Promise<Kept & { readonly founded: Founded }> {
  const kept = await keeperOn(file)
  const founded = await foundCommunity(signer.publicKey)
  const token = foundingToken(kept.store, { bytes: (length) => bytesOf('token').slice(0, length) })
  promised(await kept.keeper.found(foundingOf(founded, token)))
  return { ...kept, founded }
}

function promised(taken: Taken): Envelope<LogPromise> {
  if (!taken.ok) throw new Error(`refused: ${taken.reason}`)
  return taken.value
}

/** Everything on the disk, to see that nothing changed. */
function contentOf(store: Store): unknown {
  return { entries: store.entries(0, 1000), index: store.index(0, 1000), token: store.meta('founding-token') }
}

describe('founding', () => {
  test('makes three entries at once, keeps the profile, and uses up the token', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    expect(store.entries(0, 10)).toEqual(founded.entries)
    expect(keeper.membership?.community).toBe(founded.community)
    expect([...(keeper.membership?.members.keys() ?? [])]).toEqual([founded.founder.member])
    expect(store.profile(founded.founder.member)).toEqual(new Uint8Array(founded.founder.profile.bytes))
    expect(store.meta('founding-token')).toBeUndefined()
  })

  test('is promised by its last entry, and again to who lost the answer', async () => {
    const kept = await keeperOn()
    const founded = await foundCommunity(signer.publicKey)
    const request = foundingOf(founded, foundingToken(kept.store, { bytes: bytesOfLength }))
    const first = promised(await kept.keeper.found(request))
    expect(first.payload).toEqual({ id: founded.founder.deviceAdd.id, index: 2, at: NOON })
    const opened = open(PROMISE, founded.community, first.bytes)
    expect(
      opened.ok && (await verifyEnvelope(verifier, founded.community, opened.value, [signer.publicKey])),
    ).toEqual({
      ok: true,
      value: true,
    })
    expect(promised(await kept.keeper.found(request)).bytes).toEqual(first.bytes)
    expect(kept.store.size).toBe(3)
  })

  test('happens once: neither the used token nor another brings a second community', async () => {
    const { keeper, store } = await foundedKeeper()
    const before = contentOf(store)
    const other = await foundCommunity(signer.publicKey, NOON, 'Mallory')
    const used = foundingToken(new Store(':memory:'), { bytes: (n) => bytesOf('token').slice(0, n) })
    expect(await keeper.found(foundingOf(other, used))).toMatchObject({ reason: 'already-founded' })
    expect(contentOf(store)).toEqual(before)
  })

  test('refuses everything that is not whole, with its reason, and keeps the token', async () => {
    const { keeper, store } = await keeperOn()
    const token = foundingToken(store, { bytes: bytesOfLength })
    expect(foundingToken(store, { bytes: () => bytesOf('another') })).toBe(token)
    const before = contentOf(store)
    const alice = await foundCommunity(signer.publicKey)
    const good = foundingOf(alice, token)
    const mallory = await personOf(alice.community, 'Mallory', NOON)
    const foreign = foundingOf(await foundCommunity(signerOf('other log').publicKey), token)
    const early = foundingOf(await foundCommunity(signer.publicKey, NOON + 3600), token)
    const cases: [FoundRequest, string][] = [
      [{ ...good, token: `${token}x` }, 'founding-token'],
      [{ ...good, token: '' }, 'founding-token'],
      [foreign, 'field-invalid'],
      [early, 'time-ahead'],
      [{ ...good, genesis: good.identity }, 'genesis-missing'],
      [{ ...good, genesis: good.genesis.slice(0, -1) }, 'malformed'],
      [{ ...good, genesis: withBrokenSignature(good.genesis) }, 'signature-wrong'],
      [{ ...good, identity: mallory.identity.bytes }, 'not-founder'],
      [{ ...good, identity: good.device, device: good.identity }, 'member-unknown'],
      [{ ...good, device: mallory.deviceAdd.bytes }, 'member-unknown'],
      [{ ...good, device: withBrokenSignature(good.device) }, 'signature-wrong'],
      [{ ...good, profile: mallory.profile.bytes }, 'not-member'],
      [{ ...good, profile: withBrokenSignature(good.profile) }, 'signature-wrong'],
    ]
    for (const [request, reason] of cases)
      expect(await keeper.found(request)).toMatchObject({ ok: false, reason })
    expect(contentOf(store)).toEqual(before)
    expect(keeper.membership).toBeUndefined()
    promised(await keeper.found(good))
  })

  test('refuses a profile that is not the one committed to', async () => {
    const { keeper, store } = await keeperOn()
    const token = foundingToken(store, { bytes: bytesOfLength })
    const alice = await foundCommunity(signer.publicKey)
    const { PROFILE } = await import('../../protocol/identity/profile.ts')
    const { member, device } = alice.founder
    const other = await seal(
      PROFILE,
      alice.community,
      { m: member, salt: bytesOf('Alice salt'), name: 'Bob' },
      [device],
    )
    expect(await keeper.found({ ...foundingOf(alice, token), profile: other.bytes })).toMatchObject({
      reason: 'commitment-wrong',
    })
    expect(store.size).toBe(0)
  })
})

describe('KEEP-4: a statement that comes with our promise', () => {
  /** What a log promised in a life that its disk has forgotten: a device of Alice, and another one after it. */
  async function setBack() {
    const kept = await foundedKeeper()
    const { founded } = kept
    const alice = { ...founded.founder }
    const [first, second] = [await addDevice(alice, 'first', NOON), await addDevice(alice, 'second', NOON)]
    const by = (
      { id }: { readonly id: string },
      index: number,
      at = NOON + 60,
      log = signer,
      community = founded.community,
    ) => seal(PROMISE, community, { id: id as StatementId, index, at }, [log]).then(({ bytes }) => bytes)
    kept.clock.turn(600_000)
    return { ...kept, first, second, by, late: NOON + 600 }
  }

  test('is the entry that was promised, also where nothing else is taken', async () => {
    const { keeper, store, first, second, by, late } = await setBack()
    keeper.hold('log-behind')
    expect(await keeper.submit(second.bytes, await by(second, 4))).toMatchObject({ reason: 'log-behind' })
    const promise = promised(await keeper.submit(first.bytes, await by(first, 3)))
    expect(promise.bytes).toEqual(await by(first, 3))
    expect(store.entries(3, 9)).toEqual([encodeEntry({ at: NOON + 60, e: first.bytes })])
    expect(promised(await keeper.submit(second.bytes, await by(second, 4))).payload.at).toBe(NOON + 60)
    expect(await keeper.submit(first.bytes)).toMatchObject({ ok: true, value: { bytes: promise.bytes } })
    keeper.hold(undefined)
    expect(keeper.time).toBe(late)
  })

  test('waits for those that were promised before it', async () => {
    const { keeper, store, second, by } = await setBack()
    expect(await keeper.submit(second.bytes, await by(second, 4))).toMatchObject({ reason: 'log-behind' })
    expect(store.size).toBe(3)
  })

  test('is like any other where the promise is not ours, of something else, of a place that is taken, or older than the last entry', async () => {
    for (const wrong of [
      ({ by, first }) => by(first, 3, NOON, signerOf('Mallory')),
      ({ by, second }) => by(second, 3),
      ({ by, first }) => by(first, 2),
      ({ by, first }) => by(first, 3, NOON - 60),
      ({ by, first }) => by(first, 3, NOON, signer, idOf<CommunityId>(bytesOf('another'))),
      async ({ by, first }) => withBrokenSignature(await by(first, 3)),
      async () => bytesOf('noise'),
    ] satisfies ((life: Awaited<ReturnType<typeof setBack>>) => Promise<Uint8Array>)[]) {
      const life = await setBack()
      const { keeper, first, late } = life
      keeper.hold('log-behind')
      expect(await keeper.submit(first.bytes, await wrong(life))).toMatchObject({ reason: 'log-behind' })
      keeper.hold(undefined)
      expect(promised(await keeper.submit(first.bytes, await wrong(life))).payload).toEqual({
        id: first.id,
        index: 3,
        at: late,
      })
    }
  })

  test('is judged like any other', async () => {
    const { keeper, store, first, second, by } = await setBack()
    expect(await keeper.submit(second.bytes, await by(second, 3))).toMatchObject({ reason: 'sequence-wrong' })
    const broken = withBrokenSignature(first.bytes)
    expect(await keeper.submit(broken, await by(first, 3))).toMatchObject({ reason: 'signature-wrong' })
    expect(store.size).toBe(3)
  })

  test('comes between what another copy of the ledger gives: that is given anew', async () => {
    const { keeper, store, first, second, by } = await setBack()
    const adopting = keeper.adopt(4, [encodeEntry({ at: NOON + 60, e: second.bytes })], async () => ({
      ok: true,
      value: true,
    }))
    expect(await adopting).toEqual({ ok: false, reason: 'log-behind' })
    promised(await keeper.submit(first.bytes, await by(first, 3)))
    expect(store.size).toBe(4)
  })
})

describe('submission', () => {
  test('takes a statement as the next entry, promises its place, and tells it', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const told: unknown[] = []
    keeper.onTaken((promise, statement) => told.push([promise.payload.index, statement?.type]))
    const invitation = await invite(founded.founder, 0, NOON)
    const promise = promised(await keeper.submit(invitation.envelope.bytes))
    expect(promise.payload).toEqual({ id: invitation.id, index: 3, at: NOON })
    const entry = decodeEntry(store.entries(3, 1)[0] as Uint8Array)
    expect(entry).toEqual({ ok: true, value: { at: NOON, e: invitation.envelope.bytes } })
    const bob = await joinWith(invitation, 'Bob', NOON)
    expect(promised(await keeper.submit(bob.envelope.bytes)).payload.index).toBe(4)
    expect(keeper.membership?.members.has(bob.person.member)).toBe(true)
    expect(told).toEqual([
      [3, 'invite'],
      [4, 'join'],
    ])
  })

  test('of the same statement gets the same promise, also after others and after a restart', async () => {
    const file = join(temporaryFolder(), 'ledger.sqlite')
    const { keeper, store, founded } = await foundedKeeper(file)
    const { envelope } = await invite(founded.founder, 0, NOON)
    const first = promised(await keeper.submit(envelope.bytes))
    promised(await keeper.submit((await invite(founded.founder, 1, NOON)).envelope.bytes))
    expect(promised(await keeper.submit(envelope.bytes)).bytes).toEqual(first.bytes)
    store.close()
    const again = await keeperOn(file, turnedClock((NOON + 86_400) * 1000))
    expect(promised(await again.keeper.submit(envelope.bytes)).bytes).toEqual(first.bytes)
    expect(again.store.size).toBe(5)
  })

  test('at the same moment: each gets a place of its own, the same one gets one', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const invitations = []
    for (let slot = 0; slot < 5; slot++) invitations.push(await invite(founded.founder, slot, NOON))
    const twice = [...invitations, ...invitations]
    const taken = await Promise.all(twice.map(({ envelope }) => keeper.submit(envelope.bytes)))
    expect(taken.map((one) => promised(one).payload.index)).toEqual([3, 4, 5, 6, 7, 3, 4, 5, 6, 7])
    expect(store.size).toBe(8)
  })

  test('of many at once are verified together, and one that is bad spoils no other', async () => {
    const store = new Store(':memory:')
    const clock = turnedClock(NOON * 1000)
    const batchVerifier = createBatchVerifier(await batchEngine())
    const keeper = await LogKeeper.open({ store, verifier, batchVerifier, keys, clock })
    const founded = await foundCommunity(signer.publicKey)
    promised(await keeper.found(foundingOf(founded, foundingToken(store, { bytes: bytesOfLength }))))
    const invitations = []
    for (let slot = 0; slot < 4; slot++) invitations.push(await invite(founded.founder, slot, NOON))
    const [first] = invitations as [Invitation]
    const bob = await joinWith(first, 'Bob', NOON)
    const forged = withBrokenSignature((await invite({ ...founded.founder }, 9, NOON)).envelope.bytes)
    const statements = [...invitations, bob].map(({ envelope }) => envelope.bytes)
    const taken = await Promise.all([...statements, forged, ...statements].map((one) => keeper.submit(one)))
    const outcomes = taken.map((one) => (one.ok ? one.value.payload.index : one.reason))
    expect(outcomes).toEqual([3, 4, 5, 6, 7, 'signature-wrong', 3, 4, 5, 6, 7])
    expect(keeper.membership?.voids).toEqual([])
    expect(keeper.membership?.members.has(bob.person.member)).toBe(true)
  })

  test('refuses what the ledger would not have, with its reason, and stores nothing', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const { founder, community } = founded
    const invitation = await invite(founder, 0, NOON)
    promised(await keeper.submit(invitation.envelope.bytes))
    const used = await invite(founder, 1, NOON)
    promised(await keeper.submit(used.envelope.bytes))
    promised(await keeper.submit((await joinWith(used, 'Bob', NOON)).envelope.bytes))
    const chain = founder.deviceChain
    const elsewhere = await foundCommunity(signer.publicKey, NOON, 'Eve')
    const stranger = await personOf(community, 'Mallory', NOON)
    const forged = await joinWith(
      { ...invitation, signer: signerOf('not the invitation key') },
      'Mallory',
      NOON,
    )
    const skipped = { ...founder, deviceChain: { next: chain.next + 1, last: chain.last } }
    const before = contentOf(store)
    const cases: [Uint8Array, string][] = [
      [bytesOf('noise'), 'type-not-allowed'],
      [new Uint8Array(), 'malformed'],
      [invitation.envelope.bytes.slice(0, -1), 'malformed'],
      [founded.genesis.bytes, 'genesis-repeated'],
      [founder.profile.bytes, 'unknown-type'],
      [elsewhere.founder.identity.bytes, 'foreign-community'],
      [stranger.identity.bytes, 'not-founder'],
      [stranger.deviceAdd.bytes, 'member-unknown'],
      [(await invite({ ...stranger }, 0, NOON)).envelope.bytes, 'member-unknown'],
      [(await invite({ ...skipped }, 5, NOON)).envelope.bytes, 'sequence-wrong'],
      [(await invite({ ...founder }, 12, NOON)).envelope.bytes, 'slot-not-entitled'],
      [(await invite({ ...founder }, 0, NOON)).envelope.bytes, 'slot-spent'],
      [(await invite({ ...founder }, 5, NOON, NOON - 60)).envelope.bytes, 'invitation-expired'],
      [(await invite({ ...founder }, 5, NOON + 3600)).envelope.bytes, 'time-ahead'],
      [withBrokenSignature((await invite({ ...founder }, 5, NOON)).envelope.bytes), 'signature-wrong'],
      [forged.envelope.bytes, 'signer-unexpected'],
      [
        (
          await joinWith(
            { ...invitation, id: used.envelope.id.replace(/^./, 'x') as StatementId },
            'Carol',
            NOON,
          )
        ).envelope.bytes,
        'invitation-unknown',
      ],
      [(await joinWith(invitation, 'Bob', NOON)).envelope.bytes, 'already-member'],
    ]
    for (const [statement, reason] of cases) {
      expect(await keeper.submit(statement)).toMatchObject({ ok: false, reason })
      expect(contentOf(store)).toEqual(before)
    }
    // The same keeper still takes what is good.
    expect(promised(await keeper.submit((await invite(founder, 5, NOON)).envelope.bytes)).payload.index).toBe(
      6,
    )
  })

  test('refuses a join after its invitation has expired', async () => {
    const { keeper, store, clock, founded } = await foundedKeeper()
    const invitation = await invite(founded.founder, 0, NOON, NOON + 60)
    promised(await keeper.submit(invitation.envelope.bytes))
    const bob = await joinWith(invitation, 'Bob', NOON)
    clock.turn(2 * 60_000)
    expect(await keeper.submit(bob.envelope.bytes)).toMatchObject({ reason: 'invitation-expired' })
    expect(store.size).toBe(4)
  })

  test('waits for the community to be founded', async () => {
    const { keeper } = await keeperOn()
    const { founder } = await foundCommunity(signer.publicKey)
    expect(await keeper.submit(founder.identity.bytes)).toMatchObject({ reason: 'not-founded' })
  })

  test('time is in whole minutes and never goes back, even when the clock does', async () => {
    const { keeper, clock, founded } = await foundedKeeper()
    const times: number[] = []
    const submit = async (slot: number) =>
      times.push(
        promised(await keeper.submit((await invite(founded.founder, slot, NOON)).envelope.bytes)).payload.at,
      )
    clock.turn(119_999)
    await submit(0)
    clock.set((NOON - 86_400) * 1000)
    await submit(1)
    clock.set((NOON + 200) * 1000)
    await submit(2)
    expect(times).toEqual([NOON + 60, NOON + 60, NOON + 180])
  })

  test('beyond what may wait is turned away, not queued', async () => {
    const { keeper, founded } = await foundedKeeper()
    const { envelope } = await invite(founded.founder, 0, NOON)
    const taken = await Promise.all(Array.from({ length: 1100 }, () => keeper.submit(envelope.bytes)))
    expect(taken.filter((one) => one.ok)).toHaveLength(1024)
    expect(taken.filter((one) => !one.ok && one.reason === 'rate-limited')).toHaveLength(76)
  })

  test('ends with those under way answered; nothing is taken afterwards', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const under = keeper.submit((await invite(founded.founder, 0, NOON)).envelope.bytes)
    await keeper.close()
    expect(store.size).toBe(4)
    expect(promised(await under).payload.index).toBe(3)
    await expect(keeper.submit((await invite(founded.founder, 1, NOON)).envelope.bytes)).rejects.toThrow(
      'closed',
    )
    await keeper.close()
  })

  test('EQUIV-2: of a twin is refused, and the log tells everybody of it, once', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const { founder } = founded
    const fork = { ...founder, deviceChain: { next: 0, last: founder.deviceAdd.id as StatementId } }
    const first = await invite(founder, 0, NOON)
    promised(await keeper.submit(first.envelope.bytes))
    promised(await keeper.submit((await invite(founder, 1, NOON)).envelope.bytes))
    const twins = [await invite({ ...fork }, 5, NOON), await invite({ ...fork }, 6, NOON)]
    const told = new Promise<Statement | undefined>((resolve) =>
      keeper.onTaken((_promise, statement) => resolve(statement)),
    )
    const taken = await Promise.all(twins.map(({ envelope }) => keeper.submit(envelope.bytes)))
    expect(taken).toMatchObject([{ reason: 'equivocation' }, { reason: 'equivocation' }])
    expect((await told)?.type).toBe('equivocation')
    await keeper.close()
    expect(store.size).toBe(6)
    expect(keeper.membership?.devices.get(founder.device.publicKey)?.frozen).toBe(true)
    expect(keeper.membership?.voids).toEqual([])
    const entry = decodeEntry(store.entries(5, 1)[0] as Uint8Array)
    const evidence = openStatement(founded.community, entry.ok ? entry.value.e : new Uint8Array())
    expect(evidence).toMatchObject({ value: { envelope: { signatures: [{ key: signer.publicKey }] } } })
  })

  test('LEAK-1: a second join with one invitation is refused, and the log tells everybody of it, once', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const invitation = await invite(founded.founder, 0, NOON)
    promised(await keeper.submit(invitation.envelope.bytes))
    promised(await keeper.submit((await joinWith(invitation, 'Bob', NOON)).envelope.bytes))
    for (const name of ['Carol', 'Dave']) {
      const late = await joinWith(invitation, name, NOON)
      expect(await keeper.submit(late.envelope.bytes)).toMatchObject({ reason: 'invitation-used' })
    }
    await keeper.close()
    expect(store.size).toBe(6)
    expect(keeper.membership?.invitations.get(invitation.id)?.leaked).toBe(true)
    expect(keeper.membership?.voids).toEqual([])
  })

  test('LEAK-1: a join whose signatures do not hold accuses nobody', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const invitation = await invite(founded.founder, 0, NOON)
    promised(await keeper.submit(invitation.envelope.bytes))
    promised(await keeper.submit((await joinWith(invitation, 'Bob', NOON)).envelope.bytes))
    const forged = await joinWith({ ...invitation, signer: signerOf('a guess') }, 'Carol', NOON)
    expect(await keeper.submit(forged.envelope.bytes)).toMatchObject({ reason: 'invitation-used' })
    await keeper.close()
    expect(store.size).toBe(5)
  })

  test('KEEP-5: is another’s to take once the council has given the log away, and what was promised stays so', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const { founder, community } = founded
    const early = (await invite(founder, 0, NOON)).envelope.bytes
    const promise = promised(await keeper.submit(early))
    const next = signerOf('the next log').publicKey
    const rotate = await councilAct(community, LOG_ROTATE, { log: next }, NOON, [founder.root])
    expect(promised(await keeper.submit(rotate.bytes)).payload.index).toBe(4)
    const before = contentOf(store)
    const late = (await invite(founder, 1, NOON)).envelope.bytes
    expect(await keeper.submit(late)).toMatchObject({ ok: false, reason: 'not-log' })
    expect(contentOf(store)).toEqual(before)
    expect(keeper.isLog).toBe(false)
    expect(promised(await keeper.submit(early)).bytes).toEqual(promise.bytes)
    await keeper.close()
  })

  test('of which the disk takes nothing is not promised, and the next one is taken', async () => {
    const { keeper, store, founded } = await foundedKeeper()
    const { envelope } = await invite(founded.founder, 0, NOON)
    const append = store.append
    store.append = () => {
      throw new Error('disk full')
    }
    await expect(keeper.submit(envelope.bytes)).rejects.toThrow('disk full')
    expect(keeper.membership?.size).toBe(3)
    store.append = append
    expect(promised(await keeper.submit(envelope.bytes)).payload.index).toBe(3)
  })
})

describe('a restart', () => {
  test('knows everything again, and what it knows is what anybody replays', async () => {
    const file = join(temporaryFolder(), 'ledger.sqlite')
    const { keeper, store, founded } = await foundedKeeper(file)
    promised(await keeper.submit((await addDevice(founded.founder, 'phone', NOON)).bytes))
    const entries = store.entries(0, 100)
    store.close()
    const again = await keeperOn(file)
    const begun = await beginLedger(verifier, entries[0] as Uint8Array)
    const replayed = begun.ok && (await replay(verifier, begun.value, entries.slice(1)))
    expect(again.keeper.membership).toEqual(replayed && (replayed.ok ? replayed.value : replayed))
    expect(again.keeper.membership?.devices.has(signerOf('phone').publicKey)).toBe(true)
  })

  test.each([
    [
      'a changed entry',
      'UPDATE entries SET entry = zeroblob(100) WHERE idx = 1',
      'Entry 1 of the ledger in the data folder is damaged',
    ],
    ['a changed genesis', 'UPDATE entries SET entry = zeroblob(100) WHERE idx = 0', 'Entry 0 of the ledger'],
    [
      'a void entry',
      'UPDATE entries SET entry = (SELECT entry FROM entries WHERE idx = 1) WHERE idx = 2',
      'Entry 2 of the ledger in the data folder is damaged (id)',
    ],
    ['a gap', 'DELETE FROM entries WHERE idx = 2; UPDATE entries SET idx = 7 WHERE idx = 3', 'damaged'],
    [
      'a wrong id',
      'UPDATE entries SET id = zeroblob(32) WHERE idx = 3',
      'Entry 3 of the ledger in the data folder is damaged (id)',
    ],
  ])('refuses to run on %s', async (_name, damage, sentence) => {
    const file = join(temporaryFolder(), 'ledger.sqlite')
    const { keeper, store, founded } = await foundedKeeper(file)
    promised(await keeper.submit((await addDevice(founded.founder, 'phone', NOON)).bytes))
    store.close()
    const database = new DatabaseSync(file)
    database.exec(damage)
    database.close()
    await expect(keeperOn(file)).rejects.toThrow(StartError)
    await expect(keeperOn(file)).rejects.toThrow(sentence)
  })

  test('refuses to run with another log key', async () => {
    const file = join(temporaryFolder(), 'ledger.sqlite')
    const { store } = await foundedKeeper(file)
    store.close()
    const parts = {
      store: new Store(file),
      verifier,
      keys: logKeys(bytesOf('another')),
      clock: turnedClock(0),
    }
    await expect(LogKeeper.open(parts)).rejects.toThrow('is not one that the community’s log has or had')
  })
})

/** Twenty-four bytes for a token, whatever they are. */
function bytesOfLength(length: number): Uint8Array {
  return bytesOf('some token').slice(0, length)
}

/** The last bytes of an envelope are those of its last signature: S, whose top byte must stay small. */
function withBrokenSignature(envelope: Uint8Array): Uint8Array {
  const broken = Uint8Array.from(envelope)
  broken[broken.length - 32] = (broken[broken.length - 32] as number) ^ 1
  return broken
}
