import { describe, expect, test } from 'vitest'
import { serve } from '../../../node/requests.ts'
import { encodeEntry } from '../../../protocol/community/entry.ts'
import { hash } from '../../../protocol/hash.ts'
import { MAX_CLOCK_SKEW } from '../../../protocol/limits.ts'
import { LEDGER } from '../../../protocol/wire/services.ts'
import { addDevice, invite, NOON, signerOf } from '../../support/community.ts'
import { StagedHistory } from '../../support/staged-log.ts'
import { type CopyHolder, createStage, holder, noticed, patience, twoHistories, verifier } from './stage.ts'

describe('an honest log', () => {
  test('makes final what it has signed; the rest is provisional until it has', async () => {
    const stage = await createStage()
    const { honest } = await twoHistories(stage, 2)
    stage.told = { history: honest, cp: await honest.checkpoint(4) }
    const bob = await holder(stage, 'Bob')
    expect(bob.ledger.membership.value.size).toBe(5)
    expect(bob.ledger.finalSize.value).toBe(4)
    expect([bob.ledger.isFinal(3), bob.ledger.isFinal(4)]).toEqual([true, false])
    expect(bob.ledger.isAhead).toBe(true)
    stage.told = { history: honest, cp: await honest.checkpoint(5) }
    expect(await bob.pull()).toEqual({ ok: true, value: true })
    expect(bob.ledger.isFinal(4)).toBe(true)
    expect(bob.ledger.isAhead).toBe(false)
    expect(bob.ledger.checkpoint).toEqual(await honest.checkpoint(5))
    expect(await noticed(bob)).toEqual([])
    const again = await bob.again()
    expect(again.ledger.finalSize.value).toBe(5)
    expect(again.ledger.checkpoint).toEqual(await honest.checkpoint(5))
  })

  test('is not taken at the word of another key', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 2)
    const forger = new StagedHistory(verifier, signerOf('a forger'), honest.community, other.entries)
    stage.told = { history: honest, cp: await forger.checkpoint() }
    const bob = await holder(stage, 'Bob')
    expect(bob.ledger.membership.value.size).toBe(5)
    expect(bob.ledger.finalSize.value).toBe(0)
    await bob.ledger.compare(stage.relay.peer, await forger.checkpoint(4), undefined, patience())
    await bob.ledger.compare(stage.relay.peer, Uint8Array.of(1, 2, 3), undefined, patience())
    expect(await noticed(bob)).toEqual([])
  })
})

test('LEDGER-9: entries of the future are not taken in before their time', async () => {
  const stage = await createStage()
  const bob = await holder(stage, 'Bob')
  const begun = stage.clock.now() / 1000
  const history = stage.founded.and(begun + MAX_CLOCK_SKEW + 60, await addDevice(stage.alice, 'late', NOON))
  stage.told = { history, cp: await history.checkpoint() }
  expect(await bob.pull()).toMatchObject({ ok: false, reason: 'time-ahead' })
  expect(bob.ledger.membership.value.size).toBe(3)
  expect((await bob.again()).ledger.membership.value.size).toBe(3)
  stage.clock.turn(60_000)
  expect(await bob.pull()).toEqual({ ok: true, value: true })
  expect(bob.ledger.membership.value.size).toBe(4)
})

describe('a relay that is set back', () => {
  test('is not believed: nothing of ours is dropped, and it is said', async () => {
    const stage = await createStage()
    const { honest } = await twoHistories(stage, 3)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: honest, size: 4, cp: await honest.checkpoint(4) }
    expect(await bob.pull()).toEqual({ ok: true, value: true })
    expect(bob.ledger.standing.value).toBe('behind')
    expect(bob.ledger.membership.value.size).toBe(6)
    expect(bob.ledger.finalSize.value).toBe(6)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    await bob.pull()
    expect(bob.ledger.standing.value).toBe('current')
    expect(await noticed(bob)).toEqual([])
  })

  test('and one that withholds what others were shown, too', async () => {
    const stage = await createStage()
    const { honest } = await twoHistories(stage, 3)
    stage.told = { history: honest, size: 4, cp: await honest.checkpoint(4) }
    const bob = await holder(stage, 'Bob')
    stage.hub.cut(bob.network.peer, stage.relay.peer)
    // Whoever showed it has gone before they were asked.
    const gone = signerOf('gone').publicKey
    const far = stage.hub.add(gone).peer
    await bob.ledger.compare(far, await honest.checkpoint(6), undefined, patience()).catch(() => {})
    stage.hub.link(bob.network.peer, stage.relay.peer)
    await bob.pull()
    expect(bob.ledger.standing.value).toBe('behind')
    expect((await (await bob.again()).pull()).ok).toBe(true)
  })
})

describe('a log that signs two histories is convicted', () => {
  test('by a smaller checkpoint than ours; and later good answers take nothing back', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 3)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: other, cp: await other.checkpoint(5) }
    expect(await bob.pull()).toEqual({ ok: false, reason: 'log-forked' })
    expect(await noticed(bob)).toEqual(['forked'])
    stage.told = { history: honest, cp: await honest.checkpoint() }
    expect((await bob.pull()).ok).toBe(true)
    await bob.pull()
    expect(await noticed(bob)).toEqual(['forked'])
    expect(await noticed(await bob.again())).toEqual(['forked'])
  })

  test('by two checkpoints of one size', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 3)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: other, cp: await other.checkpoint() }
    await bob.pull()
    expect(await noticed(bob)).toEqual(['forked'])
  })

  test('by a larger one, whose entries are not taken', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 80)
    stage.told = { history: honest, size: 6, cp: await honest.checkpoint(6) }
    const bob = await holder(stage, 'Bob')
    const before = bob.ledger.membership.value
    stage.told = { history: other, cp: await other.checkpoint() }
    expect(await bob.pull()).toEqual({ ok: false, reason: 'log-forked' })
    expect(await noticed(bob)).toEqual(['forked'])
    expect(bob.ledger.membership.value.members).toBe(before.members)
    expect(bob.ledger.membership.value.size).toBe(6)
    const again = await bob.again()
    expect(again.ledger.membership.value.size).toBe(6)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    expect((await again.pull()).ok).toBe(true)
    expect(again.ledger.finalSize.value).toBe(83)
    expect(await noticed(again)).toEqual(['forked'])
  })

  test('also when it alternates', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 8)
    stage.told = { history: honest, size: 5, cp: await honest.checkpoint(5) }
    const bob = await holder(stage, 'Bob')
    const cps = { honest: await honest.checkpoint(), other: await other.checkpoint() }
    let turn = 0
    stage.told = () => {
      turn += 1
      // So that the other history is never given as a whole.
      return turn % 3 === 1 ? { history: other, cp: cps.other } : { history: honest, cp: cps.honest }
    }
    expect(await bob.pull()).toEqual({ ok: false, reason: 'log-forked' })
    expect(await noticed(bob)).toEqual(['root-wrong'])
    const again = await bob.again()
    await again.pull()
    expect(again.ledger.finalSize.value).toBe(11)
    expect(await noticed(again)).toEqual(['root-wrong', 'forked'])
  })

  test('by two members alone, who were told one history each and meet', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 6)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: other, size: 7, cp: await other.checkpoint(7) }
    const carol = await holder(stage, 'Carol')
    for (const one of [bob, carol]) stage.hub.cut(one.network.peer, stage.relay.peer)
    stage.hub.link(bob.network.peer, carol.network.peer)
    await answersFor(bob)
    await answersFor(carol)
    const [his, hers] = [bob.ledger.checkpoint as Uint8Array, carol.ledger.checkpoint as Uint8Array]
    await bob.ledger.compare(carol.network.peer, hers, undefined, patience())
    await carol.ledger.compare(bob.network.peer, his, undefined, patience())
    expect(await noticed(bob)).toEqual(['forked'])
    expect(await noticed(carol)).toEqual(['forked'])
  })
})

test('what one member has and the relay does not give comes from the member', async () => {
  const stage = await createStage()
  const { honest } = await twoHistories(stage, 6)
  stage.told = { history: honest, cp: await honest.checkpoint() }
  const bob = await holder(stage, 'Bob')
  await answersFor(bob)
  stage.told = { history: honest, size: 4, cp: await honest.checkpoint(4) }
  const carol = await holder(stage, 'Carol')
  stage.hub.link(bob.network.peer, carol.network.peer)
  const his = bob.ledger.checkpoint as Uint8Array
  await carol.ledger.compare(bob.network.peer, his, stage.relay.peer, patience())
  expect(carol.ledger.membership.value.size).toBe(9)
  expect(carol.ledger.finalSize.value).toBe(9)
  expect(await noticed(carol)).toEqual([])
})

describe('a log is reported', () => {
  test('for a state hash to which its entries do not come', async () => {
    const stage = await createStage()
    const { honest } = await twoHistories(stage, 3)
    const state = hash(Uint8Array.of(1))
    stage.told = { history: honest, cp: await honest.checkpoint(5, { state }) }
    const bob = await holder(stage, 'Bob')
    expect(await noticed(bob)).toEqual(['state-wrong'])
    expect(bob.ledger.membership.value.size).toBe(6)
    expect(bob.ledger.finalSize.value).toBe(0)
  })

  // An answer is full at one of these, and the copy whole with it.
  test.each([64, 65, 66])('for a wrong state hash of all its %i entries', async (size) => {
    const stage = await createStage()
    const { honest } = await twoHistories(stage, size - stage.founded.size)
    stage.told = { history: honest, cp: await honest.checkpoint(size, { state: hash(Uint8Array.of(1)) }) }
    expect(await noticed(await holder(stage, 'Bob'))).toContain('state-wrong')
    stage.told = { history: honest }
    const carol = await holder(stage, 'Carol')
    const checkpoint = await honest.checkpoint(size, { state: hash(Uint8Array.of(2)) })
    await carol.ledger.compare(stage.relay.peer, checkpoint, undefined, patience())
    expect(await noticed(carol)).toContain('state-wrong')
  })

  test('for a tree that is not that of its entries, which nobody takes then', async () => {
    const stage = await createStage()
    const { honest, other } = await twoHistories(stage, 3)
    stage.told = { history: honest, size: 3 }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: honest, cp: await other.checkpoint() }
    expect(await bob.pull()).toEqual({ ok: false, reason: 'log-forked' })
    expect(await noticed(bob)).toEqual(['root-wrong'])
    expect(bob.ledger.membership.value.size).toBe(3)
  })

  test('for a void entry', async () => {
    const stage = await createStage()
    const sponsor = { ...stage.alice }
    const first = await invite(sponsor, 0, NOON)
    const twice = await invite(sponsor, 0, NOON)
    const history = stage.founded.and(NOON, first.envelope, twice.envelope)
    stage.told = { history, cp: await history.checkpoint() }
    const bob = await holder(stage, 'Bob')
    const entry = encodeEntry({ at: NOON, e: twice.envelope.bytes })
    expect(bob.ledger.alarms.value).toMatchObject([
      { kind: 'void-taken', index: 4, reason: 'slot-spent', entry },
    ])
    expect(bob.ledger.finalSize.value).toBe(5)
  })
})

/** Answers others as a member's session does. */
async function answersFor({ network, ledger }: CopyHolder): Promise<void> {
  await serve(network, LEDGER, async (_from, { get }) => ({
    entries: await ledger.entries(get as number),
    size: ledger.membership.value.size,
  }))
}
