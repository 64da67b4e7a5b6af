import { beforeAll, describe, expect, test } from 'vitest'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { decodeEntry } from '../../../protocol/community/entry.ts'
import { peekId } from '../../../protocol/envelope.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import { type Checkpoint, parseCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { parseNote } from '../../../protocol/log/signed-note.ts'
import {
  decodeBundle,
  decodeHashTile,
  TILE_WIDTH,
  type Tile,
  tilePath,
  tileWidth,
} from '../../../protocol/log/tile.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { foundingToken } from '../../../relay/founding.ts'
import { LogKeeper } from '../../../relay/log-keeper.ts'
import { type LogKeys, logKeys } from '../../../relay/log-keys.ts'
import { Store } from '../../../relay/store.ts'
import { HighWater } from '../../../relay/tree/high-water.ts'
import { Publisher } from '../../../relay/tree/publisher.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { addDevice, bytesOf, type Founded, foundCommunity, NOON } from '../../support/community.ts'
import { bruteReader, bruteRoot } from '../../support/tree.ts'
import { good } from './book.ts'
import { PowerLost, VolatileDisk } from './volatile-disk.ts'

const platform = await platformVerifier()
const verdicts = new Map<string, ReturnType<Verifier['verify']>>()
/** The ledger is the same every time, and is read some three hundred times. */
const verifier: Verifier = {
  verify(signature, message, key) {
    const name = [signature, message].map((bytes) => Buffer.from(bytes).toString('latin1')).join(key)
    const verdict = verdicts.get(name) ?? platform.verify(signature, message, key)
    verdicts.set(name, verdict)
    return verdict
  },
}
const keys = logKeys(bytesOf('log'))
/** Statements of Alice between two checkpoints: the last group fills the first tile, so that partial ones are taken away. */
const GROUPS = [2, 1, TILE_WIDTH - 5]

let founded: Founded
const groups: Uint8Array[][] = []
beforeAll(async () => {
  founded = await foundCommunity(keys.first)
  let label = 0
  for (const size of GROUPS) {
    const group: Uint8Array[] = []
    for (let i = 0; i < size; i++)
      group.push((await addDevice(founded.founder, `device ${label++}`, NOON)).bytes)
    groups.push(group)
  }
})

/**
 * What a log has said to others: the index that it promised to each statement, and every checkpoint that it signed. The database is not part
 * of this: SQLite waits for the disk before it says that something is stored, and the tests of the keeper kill its process.
 */
interface Said {
  readonly promised: Map<StatementId, number>
  readonly signed: Checkpoint[]
}

describe('a machine that loses power at any step of its disk', () => {
  test('has after a restart everything that the log promised, and shows a tree that continues all that it signed', async () => {
    const whole = new VolatileDisk('/data')
    await live(whole, new Store(':memory:'), { promised: new Map(), signed: [] })
    expect(whole.steps).toBeGreaterThan(40)

    let readable = 0
    for (let step = 0; step < whole.steps; step++) {
      const disk = new VolatileDisk('/data')
      const store = new Store(':memory:')
      const said: Said = { promised: new Map(), signed: [] }
      await live(disk, store, said, step).then(
        () => expect.unreachable(`the power did not go at step ${step}`),
        (error: unknown) => expect(error).toBeInstanceOf(PowerLost),
      )
      disk.restart()
      // What anybody finds who comes before the log does anything.
      if (await expectReadable(disk, said, `step ${step}, before the start`)) readable += 1
      const before = [...said.signed]
      await restart(disk, store, said)
      await expectReadable(disk, said, `step ${step}`)
      const { entries, newest } = await published(disk)
      for (const [id, index] of said.promised) expect(idIn(entries[index]), `step ${step}`).toBe(id)
      for (const { size, root } of [...before, newest])
        expect(bruteRoot(entries.slice(0, size)), `step ${step}, size ${size}`).toEqual(root)
      expectOneOfEachSize(said.signed)
      expect(newest.size, `step ${step}`).toBe(store.size)
      store.close()
    }
    // From the first checkpoint on there is always one.
    expect(readable).toBeGreaterThan((whole.steps * 3) / 5)
  })
})

/** Founds the community, and takes and signs each group. @param steps of the disk after which the power goes */
async function live(disk: VolatileDisk, store: Store, said: Said, steps?: number): Promise<void> {
  const { keeper, publisher } = await open(disk, store, said)
  const token = foundingToken(store, { bytes: (length) => bytesOf('token').slice(0, length) })
  const { genesis, founder } = founded
  good(
    await keeper.found({
      token,
      genesis: genesis.bytes,
      identity: founder.identity.bytes,
      device: founder.deviceAdd.bytes,
      profile: founder.profile.bytes,
    }),
  )
  disk.left = steps
  for (const group of groups) {
    await publisher.begin()
    for (const taken of await Promise.all(group.map((statement) => keeper.submit(statement)))) {
      const { id, index } = good(taken).payload
      said.promised.set(id, index)
    }
  }
  await publisher.merge()
}

async function restart(disk: VolatileDisk, store: Store, said: Said): Promise<void> {
  const { publisher } = await open(disk, store, said)
  await publisher.begin()
}

async function open(disk: VolatileDisk, store: Store, said: Said) {
  const clock = turnedClock(NOON * 1000)
  const keeper = await LogKeeper.open({ store, verifier, keys, clock })
  const files = new TreeFiles('/data/log', disk)
  const highWater = new HighWater('/data', disk)
  const publisher = new Publisher({
    keeper,
    store,
    files,
    highWater,
    keys: listening(said),
    verifier,
    clock,
    report(error) {
      throw error
    },
  })
  await publisher.resume()
  return { keeper, publisher }
}

/** The log's keys. Whatever checkpoint they sign, somebody may have seen it. */
function listening({ signed }: Said): LogKeys {
  return {
    ...keys,
    signerOf(key) {
      const signer = keys.signerOf(key)
      return (
        signer && {
          publicKey: signer.publicKey,
          sign(message) {
            signed.push(good(parseCheckpoint(new TextDecoder().decode(message))))
            return signer.sign(message)
          },
        }
      )
    },
  }
}

/**
 * Whatever checkpoint stands there was signed, and every file that it calls for is there.
 * @returns whether there is one
 */
async function expectReadable(disk: VolatileDisk, { signed }: Said, when: string): Promise<boolean> {
  if ((await disk.read('/data/log/checkpoint')) === undefined) return false
  const { entries, newest } = await published(disk)
  expect(signed, when).toContainEqual(newest)
  expect(bruteRoot(entries), when).toEqual(newest.root)
  const hashOf = bruteReader(entries)
  for (let level = 0; TILE_WIDTH ** level <= newest.size; level++) {
    for (const [index, bytes] of (await tiles(disk, level, newest.size)).entries()) {
      const hashes = good(decodeHashTile(bytes, tileWidth(level, index, newest.size)))
      for (const [i, hash] of hashes.entries())
        expect(hash, when).toEqual(hashOf(8 * level, TILE_WIDTH * index + i))
    }
  }
  return true
}

async function published(disk: VolatileDisk) {
  const note = good(parseNote((await disk.read('/data/log/checkpoint')) ?? new Uint8Array()))
  const newest = good(parseCheckpoint(note.text))
  const bundles = await tiles(disk, 'entries', newest.size)
  const entries = bundles.flatMap((bytes, index) =>
    good(decodeBundle(bytes, tileWidth('entries', index, newest.size))),
  )
  return { entries, newest }
}

/** Every tile of a level that a tree of this size has; what is not there is empty. */
async function tiles(disk: VolatileDisk, level: Tile['level'], size: number): Promise<readonly Uint8Array[]> {
  const all: Uint8Array[] = []
  for (let index = 0; tileWidth(level, index, size) > 0; index++) {
    const path = tilePath({ level, index, width: tileWidth(level, index, size) })
    all.push((await disk.read(`/data/log/${path}`)) ?? new Uint8Array())
  }
  return all
}

function expectOneOfEachSize(signed: readonly Checkpoint[]): void {
  for (const one of signed)
    for (const other of signed) if (one.size === other.size) expect(other).toEqual(one)
}

function idIn(entry: Uint8Array | undefined): unknown {
  return good(peekId(founded.community, good(decodeEntry(entry ?? new Uint8Array())).e))
}
