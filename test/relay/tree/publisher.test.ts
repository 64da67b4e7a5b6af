import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { folderSource } from '../../../node/audit/folder-source.ts'
import { LOG_ROTATE } from '../../../protocol/community/council.ts'
import type { LogPromise } from '../../../protocol/community/entry.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import type { Envelope } from '../../../protocol/envelope.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import { openCheckpoint, parseCheckpoint, type SignedCheckpoint } from '../../../protocol/log/checkpoint.ts'
import {
  brokenPromise,
  doublePromise,
  encodeEvidence,
  forkEvidence,
  verifyEvidence,
} from '../../../protocol/log/evidence.ts'
import { inclusionProof } from '../../../protocol/log/proof.ts'
import { parseNote } from '../../../protocol/log/signed-note.ts'
import { decodeBundle, decodeHashTile, TILE_WIDTH, tileWidth } from '../../../protocol/log/tile.ts'
import { stateHash, stateRoot } from '../../../protocol/state/state.ts'
import { logKeys } from '../../../relay/log-keys.ts'
import { StartError } from '../../../relay/start-error.ts'
import { councilAct } from '../../support/acts.ts'
import { addDevice, bytesOf, type Founded, NOON } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { PATIENCE } from '../../support/patience.ts'
import { bruteReader, bruteRoot } from '../../support/tree.ts'
import {
  type Crash,
  Crashed,
  devicesOf,
  found,
  type LogRig,
  openLog,
  promised,
  statementsIn,
  verifier,
} from './log-rig.ts'

/** What anybody finds in the static files: the checkpoint that stands there, and the entries that it is about. */
async function publishedIn(folder: string): Promise<{ checkpoint: SignedCheckpoint; entries: Uint8Array[] }> {
  const rig = await openLog(folder)
  onTestFinished(() => rig.close())
  const { community, logs } = rig.keeper.membership as Membership
  const source = folderSource(join(folder, 'log'))
  const signal = AbortSignal.timeout(PATIENCE)
  const opened = await openCheckpoint(verifier, { community, keys: logs }, await source.checkpoint(signal))
  if (!opened.ok) throw new Error(opened.reason)
  const checkpoint = opened.value
  const entries: Uint8Array[] = []
  for await (const bundle of source.bundles(0, checkpoint.size, signal)) {
    const width = tileWidth('entries', Math.floor(entries.length / TILE_WIDTH), checkpoint.size)
    const read = decodeBundle(bundle ?? new Uint8Array(), width)
    if (!read.ok) throw new Error(read.reason)
    entries.push(...read.value)
  }
  // Every hash tile is what the entries make of it.
  const hashOf = bruteReader(entries)
  for (let level = 0; TILE_WIDTH ** level <= checkpoint.size; level++) {
    for (let index = 0; tileWidth(level, index, checkpoint.size) > 0; index++) {
      const width = tileWidth(level, index, checkpoint.size)
      const tile = await source.hashTile?.({ level, index, width }, signal)
      const hashes = decodeHashTile(tile ?? new Uint8Array(), width)
      if (!hashes.ok) throw new Error(`${level}/${index}: ${hashes.reason}`)
      for (const [i, hash] of hashes.value.entries())
        expect(hash).toEqual(hashOf(8 * level, TILE_WIDTH * index + i))
    }
  }
  expect(bruteRoot(entries)).toEqual(checkpoint.root)
  return { checkpoint, entries }
}

/** What a log signed, ever, against its ledger in the end: one history, and no size with two meanings. */
function expectOneHistory(signed: readonly string[], entries: readonly Uint8Array[]): void {
  for (const text of signed) {
    const checkpoint = parseCheckpoint(text)
    if (!checkpoint.ok) throw new Error(checkpoint.reason)
    const { size, root } = checkpoint.value
    expect(entries.length).toBeGreaterThanOrEqual(size)
    expect(root).toEqual(bruteRoot(entries.slice(0, size)))
  }
  const bySize = new Map(signed.map((text) => [text.split('\n')[1], text]))
  expect(new Set(signed).size).toBe(bySize.size)
}

describe('a merge', () => {
  test('publishes the tree of what was taken, with the state that it makes, and nothing when nothing came', async () => {
    const folder = temporaryFolder()
    const log = await openLog(folder)
    const founded = await found(log)
    await log.publisher.resume()
    await log.publisher.begin()
    for (const statement of await devicesOf(founded, 4)) promised(await log.keeper.submit(statement))
    await log.publisher.merge()
    await log.publisher.merge()
    expect(log.signed.map((text) => text.split('\n')[1])).toEqual(['3', '7'])
    const { checkpoint, entries } = await publishedIn(folder)
    expect(entries).toEqual(log.store.entries(0, 10))
    const { membership } = log.keeper
    if (!membership) throw new Error('nothing was founded')
    expect(checkpoint.state).toEqual(stateHash(membership, stateRoot(membership)))
    expect(log.publisher.checkpoint?.size).toBe(7)
    log.close()
  })

  test('KEEP-2: comes by itself within five seconds of the promise, once for what came together', async () => {
    const log = await openLog(temporaryFolder())
    const founded = await found(log)
    await log.publisher.resume()
    await log.publisher.begin()
    const published = new Promise<number>((resolve) => log.publisher.onPublished(({ size }) => resolve(size)))
    for (const statement of await devicesOf(founded, 3)) promised(await log.keeper.submit(statement))
    log.clock.turn(5_000)
    expect(await published).toBe(6)
    expect(log.signed).toHaveLength(2)
    expect(log.clock.pending).toBe(0)
    log.close()
  })

  test('KEEP-2: of what ends in a log-rotate is signed by the log that took it, and what comes after by the next one', async () => {
    const keys = logKeys(bytesOf('log'), bytesOf('the next log'))
    const next = keys.all[1] as KeyText
    const log = await openLog(temporaryFolder(), { keys })
    const { community, founder } = await found(log)
    await log.publisher.resume()
    await log.publisher.begin()
    const rotate = await councilAct(community, LOG_ROTATE, { log: next }, NOON, [founder.root])
    promised(await log.keeper.submit(rotate.bytes))
    await log.publisher.merge()
    expect(log.publisher.checkpoint).toMatchObject({ size: 4, key: keys.first })
    promised(await log.keeper.submit((await addDevice(founder, 'phone', NOON)).bytes))
    await log.publisher.merge()
    expect(log.publisher.checkpoint).toMatchObject({ size: 5, key: next })
    log.close()
  })

  test('that fails is tried again, and takes along what came meanwhile', async () => {
    const log = await openLog(temporaryFolder())
    const founded = await found(log)
    await log.publisher.resume()
    await log.publisher.begin()
    const statements = await devicesOf(founded, 2)
    promised(await log.keeper.submit(statements[0] as Uint8Array))
    const { writeTile } = log.files
    log.files.writeTile = () => Promise.reject(new Crashed())
    await expect(log.publisher.merge()).rejects.toThrow(Crashed)
    log.files.writeTile = writeTile
    promised(await log.keeper.submit(statements[1] as Uint8Array))
    await log.publisher.merge()
    expect(log.publisher.checkpoint?.size).toBe(5)
    log.close()
  })

  test('is due also when the log closes', async () => {
    const folder = temporaryFolder()
    const log = await openLog(folder)
    const founded = await found(log)
    await log.publisher.resume()
    await log.publisher.begin()
    promised(await log.keeper.submit((await devicesOf(founded, 1))[0] as Uint8Array))
    await log.publisher.close()
    await log.publisher.close()
    log.close()
    expect((await publishedIn(folder)).checkpoint.size).toBe(4)
  })
})

/** A ledger of 254 entries, so that the next ones fill a tile. */
const NEARLY_FULL = 254

describe('KEEP-3: a log that stops at any write', () => {
  let prepared: string
  let founded: Founded
  let statements: Uint8Array[]
  let signedBefore: readonly string[]

  beforeAll(async () => {
    prepared = mkdtempSync(join(tmpdir(), 'palabre-test-'))
    const log = await openLog(prepared)
    founded = await found(log)
    await log.publisher.resume()
    await log.publisher.begin()
    const first = await devicesOf(founded, NEARLY_FULL - 3, 'first')
    for (const taken of await Promise.all(first.map((one) => log.keeper.submit(one)))) promised(taken)
    await log.publisher.merge()
    statements = await devicesOf(founded, 5, 'later')
    signedBefore = log.signed
    log.close()
    return () => rmSync(prepared, { recursive: true, force: true })
  })

  /** A morning in the life of a log: it starts, takes three statements, signs, takes two more, signs. */
  async function live(log: LogRig, keep: (promise: Envelope<LogPromise>) => void): Promise<void> {
    await log.publisher.resume()
    await log.publisher.begin()
    for (const group of [statements.slice(0, 3), statements.slice(3)]) {
      for (const taken of await Promise.all(group.map((one) => log.keeper.submit(one)))) keep(promised(taken))
      await log.publisher.merge()
    }
  }

  async function dieAndGoOn(crash: Crash): Promise<void> {
    const folder = temporaryFolder()
    cpSync(prepared, folder, { recursive: true })
    const promises: Envelope<LogPromise>[] = []
    const dying = await openLog(folder, { crash })
    await expect(live(dying, (promise) => promises.push(promise))).rejects.toThrow(Crashed)
    dying.close()
    // Whoever looks now finds a whole log.
    const { checkpoint } = await publishedIn(folder)

    const next = await openLog(folder)
    for (const { payload } of promises) expect(statementsIn(next)[payload.index]).toBe(payload.id)
    await live(next, (promise) => promises.push(promise))
    const entries = next.store.entries(0, 1000)
    expectOneHistory([...signedBefore, ...dying.signed, ...next.signed], entries)
    for (const { payload } of promises) expect(statementsIn(next)[payload.index]).toBe(payload.id)
    next.close()
    const last = await publishedIn(folder)
    expect(last.checkpoint.size).toBe(NEARLY_FULL + statements.length)
    expect(last.checkpoint.size).toBeGreaterThanOrEqual(checkpoint.size)
    expect(last.entries).toEqual(entries)
  }

  let steps: readonly string[]
  test('has all its writes counted', async () => {
    const folder = temporaryFolder()
    cpSync(prepared, folder, { recursive: true })
    const log = await openLog(folder)
    await live(log, () => {})
    steps = [...log.steps]
    expectOneHistory([...signedBefore, ...log.signed], log.store.entries(0, 1000))
    log.close()
    // Tiles of both levels and a bundle, twice; their folders; the head in two places; the checkpoint; partial tiles that go.
    expect(steps.length).toBeGreaterThan(40)
    expect(steps).toContain('putHead')
    const tile = join(folder, 'log/tile/0')
    expect([existsSync(join(tile, '000')), existsSync(join(tile, '000.p'))]).toEqual([true, false])
  })

  test('has promised and signed one history when it died after it', async () => {
    for (const at of steps.keys()) await dieAndGoOn({ at, when: 'after' })
  }, 240_000)

  test('has promised and signed one history when it died in the middle of a file', async () => {
    const files = [...steps.keys()].filter((at) => steps[at] === 'write')
    expect(files.length).toBeGreaterThan(10)
    for (const at of files) await dieAndGoOn({ at, when: 'half' })
  }, 240_000)
})

describe('an old copy', () => {
  /** A log of 5 entries, and a copy of its folder from when it had 3. */
  async function setBack() {
    const [folder, old] = [temporaryFolder(), temporaryFolder()]
    const first = await openLog(folder)
    const founded = await found(first)
    await first.publisher.resume()
    await first.publisher.begin()
    first.close()
    cpSync(folder, old, { recursive: true })
    // As she is where the old copy is.
    const before = { ...founded, founder: { ...founded.founder } }
    const log = await openLog(folder)
    await log.publisher.resume()
    await log.publisher.begin()
    for (const statement of await devicesOf(founded, 2)) promised(await log.keeper.submit(statement))
    await log.publisher.merge()
    log.close()
    return { folder, old, founded: before }
  }

  test('of the database alone is known by the file beside it, and by what was published', async () => {
    const { folder, old } = await setBack()
    for (const file of ['log/checkpoint', 'log.high-water']) {
      const copy = temporaryFolder()
      cpSync(folder, copy, { recursive: true })
      for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm'])
        rmSync(join(copy, name), { force: true })
      cpSync(join(old, 'ledger.sqlite'), join(copy, 'ledger.sqlite'))
      cpSync(join(old, file), join(copy, file))
      const log = await openLog(copy)
      expect(log.keeper.membership?.size).toBe(3)
      expect((await log.publisher.remembered())?.size).toBe(5)
      log.close()
    }
  })

  test('signs nothing while the keeper is held, and the same as ever again', async () => {
    const { old, founded } = await setBack()
    const log = await openLog(old)
    await log.publisher.resume()
    log.keeper.hold('log-behind')
    await log.publisher.begin()
    const [statement] = await devicesOf(founded, 1, 'other')
    expect(await log.keeper.submit(statement as Uint8Array)).toMatchObject({ reason: 'log-behind' })
    await log.publisher.merge()
    expect(log.signed).toEqual([])
    log.close()
  })

  test('of another ledger than the one that was signed does not start', async () => {
    const { folder, old, founded } = await setBack()
    const other = await openLog(old)
    for (const statement of await devicesOf(founded, 3, 'other'))
      promised(await other.keeper.submit(statement))
    other.close()
    for (const name of ['log/checkpoint', 'log.high-water']) cpSync(join(folder, name), join(old, name))
    const log = await openLog(old)
    await expect(log.publisher.resume()).rejects.toThrow(StartError)
    await expect(log.publisher.resume()).rejects.toThrow('is not the one that this relay signed at')
    log.close()
  })
})

describe('a log that was set back and did not ask', () => {
  test('is convicted by what it promised, and by what it signed', async () => {
    const [folder, old] = [temporaryFolder(), temporaryFolder()]
    const first = await openLog(folder)
    const founded = await found(first)
    const { founder } = founded
    first.close()
    cpSync(folder, old, { recursive: true })
    const lives: { promise: Envelope<LogPromise>; checkpoint: SignedCheckpoint; entries: Uint8Array[] }[] = []
    for (const [where, label] of [
      [folder, 'one'],
      [old, 'other'],
    ] as const) {
      const log = await openLog(where)
      await log.publisher.resume()
      const { bytes } = await addDevice({ ...founder }, label, NOON)
      const promise = promised(await log.keeper.submit(bytes))
      await log.publisher.begin()
      const checkpoint = log.publisher.checkpoint as SignedCheckpoint
      lives.push({ promise, checkpoint, entries: log.store.entries(0, 10) })
      log.close()
    }
    const [one, other] = lives as [(typeof lives)[0], (typeof lives)[0]]
    const { community, genesis } = founded
    const key = one.checkpoint.key
    const proof = inclusionProof(3, 4, bruteReader(other.entries))
    const entry = other.entries[3] as Uint8Array
    for (const evidence of [
      doublePromise(community, key, one.promise, other.promise),
      brokenPromise(community, one.promise, other.checkpoint, entry, proof),
      forkEvidence(community, one.checkpoint, other.checkpoint),
    ]) {
      const verdict = await verifyEvidence(verifier, { community, keys: [key] }, encodeEvidence(evidence))
      expect(verdict).toMatchObject({ ok: true })
    }
    expect(genesis.payload.log).toBe(key)
  })
})

test('files that are missing or damaged are made again from the ledger', async () => {
  const folder = temporaryFolder()
  const log = await openLog(folder)
  await found(log)
  await log.publisher.resume()
  await log.publisher.begin()
  log.close()
  const note = readFileSync(join(folder, 'log/checkpoint'))
  writeFileSync(join(folder, 'log/tile/0/000.p/3'), 'damaged')
  rmSync(join(folder, 'log/tile/entries'), { recursive: true })
  rmSync(join(folder, 'log/checkpoint'))
  const again = await openLog(folder)
  await again.publisher.resume()
  again.close()
  expect((await publishedIn(folder)).checkpoint.size).toBe(3)
  // Ed25519 is deterministic, and a checkpoint has no time in it.
  expect(readFileSync(join(folder, 'log/checkpoint'))).toEqual(note)
})

test('a head is stored once for each size, and never a smaller one', async () => {
  const { store, close } = await openLog(temporaryFolder())
  const head = (size: number, byte: number) => ({
    size,
    root: new Uint8Array(32).fill(byte),
    state: new Uint8Array(32).fill(byte),
  })
  store.putHead(head(3, 1))
  store.putHead(head(3, 1))
  for (const other of [head(2, 2), head(3, 2)])
    expect(() => store.putHead(other)).toThrow('does not continue')
  expect(store.head()).toEqual(head(3, 1))
  close()
})

test('a database of the format before is brought up to this one, with all that is in it', async () => {
  const folder = temporaryFolder()
  const log = await openLog(folder)
  await found(log)
  log.close()
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'))
  database.exec('DROP TABLE head; DROP TABLE witnessed; PRAGMA user_version = 1')
  database.close()
  const again = await openLog(folder)
  await again.publisher.resume()
  await again.publisher.begin()
  again.close()
  expect((await publishedIn(folder)).checkpoint.size).toBe(3)
  const note = parseNote(readFileSync(join(folder, 'log/checkpoint')))
  expect(note.ok && note.value.signatures).toHaveLength(1)
})
