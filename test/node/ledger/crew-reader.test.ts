import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Batch, type Crew, checkBatch } from '../../../node/audit/checking.ts'
import { nodeSha256 } from '../../../node/audit/sha.ts'
import { nodeVerifiers } from '../../../node/crypto/verifiers.ts'
import { crewReader } from '../../../node/ledger/crew-reader.ts'
import { pageCrew } from '../../../node/ledger/page-crew.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../../protocol/community/replay.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { addDevice, NOON } from '../../support/community.ts'
import { createStage, verifier } from './stage.ts'

/** A ledger of so many entries after its genesis, of which one is signed wrong. */
const ENTRIES = 20

let begun: Membership
let entries: readonly Uint8Array[]
let read: Awaited<ReturnType<typeof replay>>
const { batchVerifier } = await nodeVerifiers()

beforeAll(async () => {
  const { founded, alice } = await createStage()
  const forged = (await addDevice({ ...alice }, 'forged', NOON)).bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  const person = { ...alice }
  const devices = []
  while (devices.length < ENTRIES - 3) devices.push(await addDevice(person, `device ${devices.length}`, NOON))
  const all = founded.and(NOON, { bytes: forged }, ...devices).entries
  const genesis = await beginLedger(verifier, all[0] as Uint8Array)
  if (!genesis.ok) throw new Error(genesis.reason)
  begun = genesis.value
  entries = all.slice(1)
  read = await replay(verifier, begun, entries)
  expect(read.ok && read.value.voids.map(({ reason }) => reason)).toEqual(['signature-wrong'])
})

/** Crews, one after the other: each does its work, breaks, or cannot be had. */
function rig(...crews: readonly ('works' | 'breaks' | 'missing')[]) {
  const reports: unknown[] = []
  const closed: number[] = []
  let [opened, sent, here] = [0, 0, 0]
  const counting: Verifier = {
    verify(...signed) {
      here += 1
      return verifier.verify(...signed)
    },
  }
  const open = async (): Promise<Crew> => {
    const i = opened++
    if (crews[i] === 'missing') throw new Error('no code')
    return {
      width: 1,
      async check(asked: Batch) {
        if (crews[i] !== 'works') throw new Error('broken')
        sent += 1
        return checkBatch(batchVerifier, nodeSha256, asked)
      },
      async close() {
        closed.push(i)
      },
    }
  }
  const reader = crewReader(open, counting, (error) => reports.push((error as Error).message))
  return {
    ...reader,
    reports,
    closed,
    /** Crews that were asked for, batches that one verified, and signatures that were verified here. */
    done: () => ({ opened, sent, here }),
  }
}

describe('a reader whose signatures a crew verifies', () => {
  test('comes to what it comes to alone, and verifies nothing itself', async () => {
    const { readOn, close, closed, reports, done } = rig('works')
    expect(await readOn(begun, entries)).toEqual(read)
    expect(await readOn(begun, entries)).toEqual(read)
    expect(done()).toEqual({ opened: 1, sent: 2, here: 0 })
    await close()
    expect([closed, reports]).toEqual([[0], []])
  })

  test.each(['breaks', 'missing'] as const)('asks for another when one %s', async (failure) => {
    const { readOn, close, closed, reports, done } = rig(failure, 'works')
    expect(await readOn(begun, entries)).toEqual(read)
    const { here } = done()
    expect(here).toBeGreaterThanOrEqual(ENTRIES)
    expect(await readOn(begun, entries)).toEqual(read)
    expect(done()).toEqual({ opened: 2, sent: 1, here })
    expect(reports).toHaveLength(1)
    await close()
    expect(closed).toEqual(failure === 'breaks' ? [0, 1] : [1])
  })

  test('verifies everything itself when all fail, and asks for no more than three', async () => {
    const { readOn, close, reports, done } = rig('missing', 'breaks', 'missing', 'works')
    for (let times = 0; times < 5; times++) expect(await readOn(begun, entries)).toEqual(read)
    expect(done()).toMatchObject({ opened: 3, sent: 0 })
    expect(done().here).toBeGreaterThanOrEqual(5 * ENTRIES)
    expect(reports).toEqual(['no code', 'broken', 'no code'])
    await close()
  })

  test('counts once what fails for several at a time', async () => {
    const { readOn, reports, done } = rig('breaks', 'breaks', 'works')
    for (let times = 0; times < 2; times++) {
      const both = await Promise.all([readOn(begun, entries), readOn(begun, entries)])
      expect(both).toEqual([read, read])
    }
    expect(await readOn(begun, entries)).toEqual(read)
    expect(done()).toMatchObject({ opened: 3, sent: 1 })
    expect(reports).toHaveLength(2)
  })

  test('asks for none after it was closed, nor for a few entries', async () => {
    const { readOn, close, closed, reports, done } = rig('works')
    const few = entries.slice(0, 3)
    expect(await readOn(begun, few)).toEqual(await replay(verifier, begun, few))
    await close()
    expect(await readOn(begun, entries)).toEqual(read)
    expect(done()).toMatchObject({ opened: 0, sent: 0 })
    expect([closed, reports]).toEqual([[], []])
  })
})

describe('the worker of a page', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  /** Workers whose code does not come, and those after them, which work. */
  function workers(broken: number): { readonly started: number } {
    let started = 0
    class PageWorker extends EventTarget {
      readonly #isBroken = started++ < broken
      constructor() {
        super()
        if (this.#isBroken)
          queueMicrotask(() => this.dispatchEvent(Object.assign(new Event('error'), { message: 'gone' })))
      }
      postMessage(asked: Batch): void {
        if (this.#isBroken) return
        const data = checkBatch(batchVerifier, nodeSha256, asked)
        this.dispatchEvent(new MessageEvent('message', { data }))
      }
      terminate(): void {}
    }
    vi.stubGlobal('Worker', PageWorker)
    return {
      get started() {
        return started
      },
    }
  }

  test('is started again when its code did not come', async () => {
    const there = workers(1)
    const reports: string[] = []
    const { readOn, close } = crewReader(pageCrew, verifier, (error) =>
      reports.push((error as Error).message),
    )
    for (let times = 0; times < 3; times++) expect(await readOn(begun, entries)).toEqual(read)
    expect([there.started, reports]).toEqual([2, ['a worker failed: gone']])
    await close()
  })

  test('answers nobody who asks after it failed with nothing to do', async () => {
    workers(1)
    const crew = pageCrew()
    await Promise.resolve()
    await expect(crew.check({} as Batch)).rejects.toThrow('a worker failed: gone')
  })
})
