import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { checkpointBytes, type SignedCheckpoint, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { Caution, type CautionParts, type EntrySource } from '../../relay/caution.ts'
import { isCopy, MARK_FILE, mark } from '../../relay/folder-mark.ts'
import { Store } from '../../relay/store.ts'
import type { WitnessClient } from '../../relay/witness/witness-client.ts'
import { addDevice, bytesOf, type Founded, NOON, signerOf } from '../support/community.ts'
import { temporaryFolder } from '../support/folder.ts'
import { PATIENCE } from '../support/patience.ts'
import { devicesOf, found, type LogRig, openLog, promised, verifier } from './tree/log-rig.ts'

const NOBODY: EntrySource = () => Promise.reject(new Error('nobody is there'))

/** A log of 3 entries, and what it became elsewhere: 5 entries, and the checkpoint of them. */
async function twoLives(): Promise<{
  readonly old: string
  readonly founded: Founded
  readonly entries: readonly Uint8Array[]
  readonly newest: SignedCheckpoint
}> {
  const [folder, old] = [temporaryFolder(), temporaryFolder()]
  const first = await openLog(folder)
  const founded = await found(first)
  await first.publisher.resume()
  await first.publisher.begin()
  first.close()
  cpSync(folder, old, { recursive: true })
  const before = { ...founded, founder: { ...founded.founder } }
  const log = await openLog(folder)
  await log.publisher.resume()
  for (const statement of await devicesOf(founded, 2)) promised(await log.keeper.submit(statement))
  await log.publisher.begin()
  const newest = log.publisher.checkpoint as SignedCheckpoint
  const entries = log.store.entries(0, 10)
  log.close()
  return { old, founded: before, entries, newest }
}

async function cautious(log: LogRig, folder: string, more: Partial<CautionParts> = {}): Promise<Caution> {
  await log.publisher.resume()
  const caution = new Caution({
    keeper: log.keeper,
    publisher: log.publisher,
    verifier,
    clock: log.clock,
    log: pino({ level: 'silent' }),
    files: join(folder, 'log'),
    mirrors: [],
    witnesses: [],
    copied: false,
    settled: () => {},
    ...more,
  })
  onTestFinished(async () => {
    await caution.stop()
    log.close()
  })
  await caution.begin()
  return caution
}

const nextOf = async ({ founder }: Founded, label = 'next') =>
  (await addDevice({ ...founder }, label, NOON)).bytes

test('a log that nothing speaks against begins at once', async () => {
  const { old, founded } = await twoLives()
  const log = await openLog(old)
  await cautious(log, old)
  promised(await log.keeper.submit(await nextOf(founded)))
})

test('KEEP-4: who shows a larger tree that we signed stops us, until we have it', async () => {
  const { old, founded, entries, newest } = await twoLives()
  const log = await openLog(old)
  const caution = await cautious(log, old)
  await caution.shown(true, checkpointBytes(newest), NOBODY)
  const statement = await nextOf(founded)
  expect(await log.keeper.submit(statement)).toMatchObject({ reason: 'log-behind' })
  await log.publisher.merge()
  expect(log.signed).toEqual([])

  // Some have nothing, some have something else, one has it.
  const short: EntrySource = async (from) => entries.slice(from, -1)
  const wrong: EntrySource = async (from) => entries.slice(from).toReversed()
  const right: EntrySource = async (from, to) => entries.slice(from, to)
  for (const source of [short, wrong]) await caution.shown(true, checkpointBytes(newest), source)
  expect(log.keeper.isHeld).toBe(true)
  await caution.shown(true, checkpointBytes(newest), right)
  await vi.waitFor(() => expect(log.keeper.isHeld).toBe(false), PATIENCE)
  expect(log.store.entries(0, 10)).toEqual(entries)
  // A checkpoint has no time in it: it is signed again as it was.
  await vi.waitFor(() => expect(log.signed).toEqual([newest.note.text]), PATIENCE)
  expect(await log.keeper.submit(statement)).toMatchObject({ ok: false, reason: 'equivocation' })
})

test('KEEP-4: a log that went on from an old copy before it was told stays still for good', async () => {
  const { old, founded, newest, entries } = await twoLives()
  const log = await openLog(old)
  const caution = await cautious(log, old)
  const { founder } = { founder: { ...founded.founder } }
  for (const label of ['one', 'two', 'three'])
    promised(await log.keeper.submit((await addDevice(founder, label, NOON)).bytes))
  const signed = [...log.signed]
  await caution.shown(true, checkpointBytes(newest), async (from, to) => entries.slice(from, to))
  expect(log.keeper.isHeld).toBe(true)
  log.clock.turn(600_000)
  await log.publisher.merge()
  expect([log.keeper.isHeld, log.signed]).toEqual([true, signed])
})

test('HELLO-3: what is no checkpoint of this log stops nobody', async () => {
  const { old, founded, newest } = await twoLives()
  const log = await openLog(old)
  const caution = await cautious(log, old)
  const { root, state } = newest
  const forged = await signCheckpoint(signerOf('Mallory'), founded.community, { size: 9, root, state })
  const own = log.publisher.checkpoint as SignedCheckpoint
  for (const note of [bytesOf('noise'), checkpointBytes(forged), checkpointBytes(own), undefined])
    await caution.shown(true, note, NOBODY)
  promised(await log.keeper.submit(await nextOf(founded)))
})

test('a database that is older than the files beside it is brought up from them', async () => {
  const { old, entries } = await twoLives()
  const newer = temporaryFolder()
  cpSync(old, newer, { recursive: true })
  const ahead = await openLog(newer)
  await ahead.publisher.resume()
  for (const bytes of entries.slice(3))
    expect(
      (await ahead.keeper.adopt(ahead.store.size, [bytes], async () => ({ ok: true, value: true }))).ok,
    ).toBe(true)
  await ahead.publisher.begin()
  ahead.close()
  rmSync(join(old, 'log'), { recursive: true })
  cpSync(join(newer, 'log'), join(old, 'log'), { recursive: true })
  const log = await openLog(old)
  await cautious(log, old)
  await vi.waitFor(() => expect(log.store.entries(0, 10)).toEqual(entries), PATIENCE)
  await vi.waitFor(() => expect(log.keeper.isHeld).toBe(false), PATIENCE)
})

test('KEEP-4: a copied folder without witnesses waits for members, a minute after the first', async () => {
  const { old, founded } = await twoLives()
  const log = await openLog(old)
  let settled = false
  const caution = await cautious(log, old, {
    copied: true,
    settled: () => {
      settled = true
    },
  })
  const statement = await nextOf(founded)
  await vi.waitFor(() => expect(log.clock.pending).toBeGreaterThan(0), PATIENCE)
  log.clock.turn(600_000)
  await caution.shown(false, undefined, NOBODY)
  expect(await log.keeper.submit(statement)).toMatchObject({ reason: 'log-behind' })
  await caution.shown(true, undefined, NOBODY)
  log.clock.turn(59_999)
  expect(await log.keeper.submit(statement)).toMatchObject({ reason: 'log-behind' })
  expect(settled).toBe(false)
  log.clock.turn(1)
  await vi.waitFor(() => expect(settled).toBe(true), PATIENCE)
  promised(await log.keeper.submit(statement))
})

test.each([
  [0, 3],
  [1, 3],
  [2, 2],
  [3, 1],
])(
  'KEEP-4: where %i of three witnesses make a statement final, %i of them have to answer',
  async (k, needed) => {
    const folder = temporaryFolder()
    const log = await openLog(folder)
    const names = ['one', 'two', 'three']
    const keys = names.map((name) => signerOf(name).publicKey)
    const founded = await found(log, { k, keys: keys.toSorted() })
    await log.publisher.resume()
    await log.publisher.begin()
    const answering = new Set<string>()
    const asked: string[] = []
    const witnesses = keys.map((key) => ({
      key,
      add: async () => {
        asked.push(key)
        return answering.has(key) ? { kind: 'cosigned', signatures: [] } : { kind: 'failed', why: 'away' }
      },
      last: async () => undefined,
    })) as unknown as WitnessClient[]
    for (const key of keys.slice(1, needed)) answering.add(key)
    await cautious(log, folder, { witnesses })
    await vi.waitFor(() => expect(asked).toHaveLength(3), PATIENCE)
    const statement = await nextOf(founded)
    expect(await log.keeper.submit(statement)).toMatchObject({ reason: 'log-behind' })
    answering.add(keys[0] as string)
    await vi.waitFor(() => {
      log.clock.turn(1_000)
      expect(log.keeper.isHeld).toBe(false)
    }, PATIENCE)
    promised(await log.keeper.submit(statement))
  },
)

test('a copy of a folder is told from the folder', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, MARK_FILE), '')
  const store = new Store(join(folder, 'ledger.sqlite'))
  expect(isCopy(store, join(folder, MARK_FILE))).toBe(false)
  mark(store, join(folder, MARK_FILE))
  expect(isCopy(store, join(folder, MARK_FILE))).toBe(false)
  const copy = temporaryFolder()
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true })
  expect(isCopy(store, join(copy, MARK_FILE))).toBe(true)
  mark(store, join(copy, MARK_FILE))
  expect(isCopy(store, join(copy, MARK_FILE))).toBe(false)
  store.close()
})
