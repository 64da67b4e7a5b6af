/** Statements per second that the log keeper takes and has on the disk, in one process. */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { startCurve } from '../../node/crypto/edwards/curve.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { createBatchVerifier, type Signer, type Verifier } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { foundingToken } from '../../relay/founding.ts'
import { LogKeeper, type Taken } from '../../relay/log-keeper.ts'
import { logKeys, nativeSigner } from '../../relay/log-keys.ts'
import { Store } from '../../relay/store.ts'
import { HighWater } from '../../relay/tree/high-water.ts'
import { Publisher } from '../../relay/tree/publisher.ts'
import { TreeFiles } from '../../relay/tree/tree-files.ts'
import {
  bytesOf,
  type Founded,
  foundCommunity,
  invite,
  join as joinWith,
  type Person,
} from '../support/community.ts'
import { against, distribution, type Figure } from './figure.ts'

/** What the project asks of one processor core, statements per second. */
const WANTED = 1_500
/** Statements of one round. */
const ROUND = 1_500
/** Of the slow way, in which each waits for the disk by itself. */
const SLOW_ROUND = 300
/** Submissions that are under way at a time: what many members have on the road together. */
const TOGETHER = 512
/** Nobody here runs out of invitations. */
const SLOTS = 1_000_000

interface Rig {
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  readonly founded: Founded
  close(): Promise<void>
}

/** @param n rounds of each way, which take turns */
export async function* log(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const { isPrimeOrder } = await startCurve()
  const verifier = await platformVerifier(isPrimeOrder)
  const rig = await openRig(verifier)
  const rates: Record<'group' | 'joins' | 'single', Rate[]> = { group: [], joins: [], single: [] }
  try {
    note('one round that is not counted')
    await rateOf(await invitations(rig.founded, SLOW_ROUND), (one) => rig.keeper.submit(one), TOGETHER)
    for (let i = 0; i < n; i++) {
      note(`round ${i + 1} of ${n}`)
      const submit = (one: Uint8Array) => rig.keeper.submit(one)
      rates.group.push(await rateOf(await invitations(rig.founded, ROUND), submit, TOGETHER))
      rates.joins.push(await rateOf(await joins(rig.founded, ROUND / 2), submit, TOGETHER))
      rates.single.push(await rateOf(await invitations(rig.founded, SLOW_ROUND), submit, 1))
      await rig.publisher.merge()
    }
    const wallOf = (all: readonly Rate[]) =>
      distribution(
        all.map(({ wall }) => wall),
        'more',
      )
    const single = wallOf(rates.single)
    const figure = (metric: string, all: readonly Rate[]): Figure => {
      const spread = wallOf(all)
      const compared = [
        against({ limit: 'the project asks for' }, WANTED, spread.p50),
        against({ peer: 'one wait for the disk for each statement' }, single.p50, spread.p50),
      ]
      return { metric, unit: '1/s', n: all.length, ...spread, compared }
    }
    const busy = (metric: string, all: readonly Rate[]): Figure => {
      const spread = distribution(
        all.map((one) => one.busy),
        'more',
      )
      const compared = [against({ limit: 'the project asks for' }, WANTED, spread.p50)]
      return {
        metric: `${metric}, for each second of processor time`,
        unit: '1/s',
        n: all.length,
        ...spread,
        compared,
      }
    }
    for (const [metric, all] of [
      ['invitations taken, durable', rates.group],
      ['invitations and joins taken, durable', rates.joins],
    ] as const) {
      yield figure(metric, all)
      yield busy(metric, all)
    }
    yield { metric: 'invitations taken, one wait for the disk each', unit: '1/s', n, ...single }
    yield {
      metric: `memory of the process with ${rig.keeper.membership?.size} entries`,
      unit: 'kB',
      n: 1,
      value: Math.round(process.memoryUsage().rss / 1000),
    }
  } finally {
    await rig.close()
  }
}

/** A log as a relay has it, on the disk, signing as it goes. */
async function openRig(verifier: Verifier): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'palabre-bench-'))
  const store = new Store(join(folder, 'ledger.sqlite'))
  const keys = logKeys(randomBytes(32))
  const batchVerifier = createBatchVerifier(await batchEngine())
  const keeper = await LogKeeper.open({ store, verifier, batchVerifier, keys, clock: systemClock })
  const publisher = new Publisher({
    keeper,
    store,
    files: new TreeFiles(join(folder, 'log')),
    highWater: new HighWater(folder),
    keys,
    verifier,
    clock: systemClock,
    report: (error) => {
      throw error
    },
  })
  const founded = await foundCommunity(keys.first, now(), 'Alice', { 'founder-slots': SLOTS })
  const { genesis, founder } = founded
  const token = foundingToken(store, { bytes: (length) => bytesOf('token').slice(0, length) })
  const profile = founder.profile.bytes
  const request = {
    token,
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
  }
  assertTaken(await keeper.found({ ...request, profile }))
  await publisher.resume()
  await publisher.begin()
  return {
    keeper,
    publisher,
    founded: { ...founded, founder: quick(founder) },
    async close() {
      await keeper.close()
      await publisher.close()
      store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** From the first submission to the last promise. */
interface Rate {
  /** Statements per second. */
  readonly wall: number
  /** Statements per second of processor time, whatever else the machine did meanwhile. */
  readonly busy: number
}

async function rateOf(
  statements: readonly Uint8Array[],
  submit: (statement: Uint8Array) => Promise<Taken>,
  together: number,
): Promise<Rate> {
  const begun = performance.now()
  const used = process.cpuUsage()
  let next = 0
  const worker = async () => {
    while (next < statements.length) assertTaken(await submit(statements[next++] as Uint8Array))
  }
  await Promise.all(Array.from({ length: together }, worker))
  const { user, system } = process.cpuUsage(used)
  return {
    wall: (statements.length * 1000) / (performance.now() - begun),
    busy: (statements.length * 1_000_000) / (user + system),
  }
}

function assertTaken(taken: Taken): void {
  if (!taken.ok) throw new Error(`a statement was refused: ${taken.reason}`)
}

let slot = 0

async function invitations({ founder }: Founded, count: number): Promise<Uint8Array[]> {
  const statements: Uint8Array[] = []
  while (statements.length < count) statements.push((await invite(founder, slot++, now())).envelope.bytes)
  return statements
}

/** Each newcomer after their invitation, so that a new root and a new device have to be admitted for every second statement. */
async function joins({ founder }: Founded, count: number): Promise<Uint8Array[]> {
  const statements: Uint8Array[] = []
  while (statements.length < 2 * count) {
    const invitation = await invite(founder, slot++, now())
    const { envelope } = await joinWith(invitation, `guest ${slot}`, now())
    statements.push(invitation.envelope.bytes, envelope.bytes)
  }
  return statements
}

/** The same person, whose device signs faster. */
function quick(person: Person): Person {
  const device: Signer = nativeSigner(bytesOf(`${person.name} device`))
  return { ...person, device }
}

function now(): number {
  return toLedgerTime(Math.floor(Date.now() / 1000))
}
