import { beforeEach, describe, expect, test } from 'vitest'
import type { Envelope } from '../../../protocol/envelope.ts'
import { addDevice, NOON, signerOf } from '../../support/community.ts'
import { StagedHistory } from '../../support/staged-log.ts'
import { type CopyHolder, createStage, holder, noticed, patience, type Stage, verifier } from './stage.ts'

let stage: Stage
let bob: CopyHolder
let his: Envelope<unknown>
let others: Envelope<unknown>
beforeEach(async () => {
  stage = await createStage()
  const { alice, founded } = stage
  stage.told = { history: founded, cp: await founded.checkpoint() }
  bob = await holder(stage, 'Bob')
  his = await addDevice({ ...alice }, 'his', NOON)
  others = await addDevice({ ...alice }, 'another', NOON)
})

const submit = (statement = his) => bob.ledger.submit(stage.relay.peer, statement, patience())

describe('what the log has promised', () => {
  test('is forgotten when a tree that it signed has it', async () => {
    const { founded } = stage
    stage.take = async () => ({ promise: (await founded.promise(his, 3, NOON)).bytes })
    expect(await submit()).toEqual({ ok: true, value: true })
    expect(await bob.storage.list('promise/')).toHaveLength(1)
    const kept = founded.and(NOON, his)
    stage.told = { history: kept, cp: await founded.checkpoint() }
    await bob.pull()
    expect(await bob.storage.list('promise/')).toHaveLength(1)
    stage.told = { history: kept, cp: await kept.checkpoint() }
    await bob.pull()
    expect(await bob.storage.list('promise/')).toHaveLength(0)
    expect(await noticed(bob)).toEqual([])
  })

  test('and not kept convicts it: something else is there; also after a restart', async () => {
    const { founded } = stage
    stage.take = async () => ({ promise: (await founded.promise(his, 3, NOON)).bytes })
    await submit()
    const broken = founded.and(NOON, others)
    stage.told = { history: broken, cp: await broken.checkpoint() }
    const again = await bob.again()
    await again.pull()
    expect(await noticed(again)).toEqual(['promise-broken'])
    await again.pull()
    expect(await noticed(await again.again())).toEqual(['promise-broken'])
  })

  test('to two people convicts it when they are of one place', async () => {
    const { founded } = stage
    const promises = [await founded.promise(his, 3, NOON), await founded.promise(others, 3, NOON)]
    stage.take = async () => ({ promise: promises.shift()?.bytes as Uint8Array })
    await submit()
    await submit(others)
    expect(await noticed(bob)).toEqual(['promised-twice'])
  })

  test('and has not signed after a quarter of an hour is reported', async () => {
    const { founded } = stage
    const now = Math.floor(stage.clock.now() / 1000)
    const promise = await founded.promise(his, 3, now - (now % 60))
    stage.take = async () => ({ promise: promise.bytes })
    await submit()
    stage.clock.turn(14 * 60_000)
    await bob.pull()
    expect(await noticed(bob)).toEqual([])
    stage.clock.turn(3 * 60_000)
    await bob.pull()
    expect(bob.ledger.alarms.value).toMatchObject([{ kind: 'promise-unkept', promise: promise.bytes }])
  })

  test('to somebody else is held against what we have', async () => {
    const { founded } = stage
    const history = founded.and(NOON, his)
    stage.told = { history, cp: await history.checkpoint() }
    await bob.pull()
    await bob.ledger.heed(await founded.promise(his, 3, NOON))
    expect(await noticed(bob)).toEqual([])
    await bob.ledger.heed(await founded.promise(others, 3, NOON))
    expect(await noticed(bob)).toEqual(['promise-broken'])
  })
})

describe('KEEP-4: what a log promised, had not signed, and has lost', () => {
  const AT = NOON + 120
  /** Bob has his entry and another's after it, and the log has neither any more. */
  async function setBack() {
    const { founded, alice } = stage
    const person = { ...alice }
    await addDevice(person, 'his', NOON)
    const next = await addDevice(person, 'next', NOON)
    const longer = founded.and(NOON, his).and(AT, next)
    const promises = [await founded.promise(his, 3, NOON), await founded.promise(next, 4, AT)] as const
    stage.take = async () => ({ promise: promises[0].bytes })
    await submit()
    stage.told = { history: longer, cp: await founded.checkpoint() }
    await bob.pull()
    stage.told = { history: founded, cp: await founded.checkpoint() }
    const put: (Uint8Array | undefined)[][] = []
    /** It takes what it gets. */
    stage.take = async (statement, promise) => {
      put.push([statement, promise])
      const size = 3 + put.length
      stage.told = { history: longer, size, cp: await longer.checkpoint(size) }
      return promise ? { promise } : { error: 'malformed' }
    }
    return { promises, put, longer, next }
  }

  test('comes again in its order, each with its promise, ours and one that we heard', async () => {
    const { promises, put, next } = await setBack()
    await bob.ledger.heed(promises[1])
    await bob.pull()
    expect(put).toEqual([
      [his.bytes, promises[0].bytes],
      [next.bytes, promises[1].bytes],
    ])
    expect(bob.ledger.standing.value).toBe('current')
    expect(await noticed(bob)).toEqual([])
    expect(await bob.storage.list('promise/')).toEqual([])
    await bob.pull()
    expect(put).toHaveLength(2)
  })

  test('comes as far as we know of a promise, and the rest from next', async () => {
    const { promises, put } = await setBack()
    await bob.pull()
    expect(put).toEqual([[his.bytes, promises[0].bytes]])
    expect(bob.ledger.standing.value).toBe('behind')
  })

  test('comes no further than it is taken, and is asked about once', async () => {
    const { promises, put } = await setBack()
    await bob.ledger.heed(promises[1])
    stage.take = async (...given) => {
      put.push(given)
      return { error: 'log-behind' }
    }
    await bob.pull()
    expect(put).toHaveLength(1)
    stage.take = async (_statement, promise) => {
      put.push([])
      return { promise: promise as Uint8Array }
    }
    // It says that it has taken it, and has not.
    await bob.pull()
    expect(put).toHaveLength(3)
    expect(bob.ledger.standing.value).toBe('behind')
  })

  test('and a signed tree has is fetched by the log itself', async () => {
    const { promises, put, longer } = await setBack()
    await bob.ledger.heed(promises[1])
    stage.told = { history: stage.founded, cp: await longer.checkpoint() }
    await bob.pull()
    expect(put).toEqual([])
  })

  test('is given with its promise too when its maker asks again', async () => {
    const { promises, put } = await setBack()
    await submit()
    expect(put).toEqual([[his.bytes, promises[0].bytes]])
  })
})

describe('what is no promise of the log', () => {
  test.each([
    [
      'another key',
      async () => new StagedHistory(verifier, signerOf('Mallory'), stage.founded.community, []),
    ],
    ['about another statement', async () => stage.founded],
  ])('is refused: %s', async (name, of) => {
    const history = await of()
    const about = name === 'another key' ? his : others
    stage.take = async () => ({ promise: (await history.promise(about, 3, NOON)).bytes })
    expect((await submit()).ok).toBe(false)
    expect(await bob.storage.list('promise/')).toHaveLength(0)
  })

  test('and no answer at all leaves nothing behind', async () => {
    stage.take = async () => ({})
    expect(await submit()).toMatchObject({ ok: false, reason: 'field-missing' })
    stage.take = async () => ({ error: 'log-behind' })
    expect(await submit()).toEqual({ ok: false, reason: 'log-behind' })
    expect(await bob.storage.list('promise/')).toHaveLength(0)
  })
})
