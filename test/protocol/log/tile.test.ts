import { describe, expect, it } from 'vitest'
import { frontierOf, frontierRoot } from '../../../protocol/log/frontier.ts'
import { leafHash, type TreeNode } from '../../../protocol/log/merkle.ts'
import { consistencyProof, inclusionProof } from '../../../protocol/log/proof.ts'
import {
  changedTiles,
  decodeBundle,
  decodeHashTile,
  encodeBundle,
  encodeHashTile,
  parseTilePath,
  tileHashes,
  tileOf,
  tilePath,
  tileRoot,
  tilesOf,
  tileWidth,
} from '../../../protocol/log/tile.ts'
import {
  EMPTY_EDGE,
  edgeFrontier,
  edgeOf,
  type GrownTile,
  growTiles,
  type TileEdge,
} from '../../../protocol/log/tile-edge.ts'
import { bruteReader, bruteRoot, entriesOf } from '../../support/tree.ts'

/** TILE: the files of c2sp.org/tlog-tiles. */

const SIZE = 800
const entries = entriesOf(SIZE)
const leaves = entries.map((entry) => leafHash(entry))

/** Stores tiles as a log's folder does: a wider one takes the place of a narrower one. */
function stored(tiles: readonly GrownTile[]): (level: number, index: number) => readonly Uint8Array[] {
  const files = new Map(tiles.map(({ tile, hashes }) => [`${tile.level}/${tile.index}`, hashes]))
  return (level, index) => files.get(`${level}/${index}`) ?? fail(level, index)
}

function fail(level: number, index: number): never {
  throw new RangeError(`no tile ${level}/${index}`)
}

/** Grows a tree in the given steps. */
function grown(...steps: readonly number[]): { edge: TileEdge; tiles: readonly GrownTile[] } {
  let edge = EMPTY_EDGE
  const tiles: GrownTile[] = []
  for (const step of steps) {
    const next = growTiles(edge, leaves.slice(edge.size, edge.size + step))
    edge = next.edge
    tiles.push(...next.tiles)
  }
  return { edge, tiles }
}

describe('paths', () => {
  it.each([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/x001/234.p/5', { level: 0, index: 1234, width: 5 }],
    ['tile/2/x001/x234/067', { level: 2, index: 1_234_067, width: 256 }],
    ['tile/63/999.p/255', { level: 63, index: 999, width: 255 }],
    ['tile/entries/x001/000.p/1', { level: 'entries', index: 1000, width: 1 }],
    ['tile/0/x009/x007/x199/x254/x740/991', { level: 0, index: 9_007_199_254_740_991, width: 256 }],
  ] as const)('TILE-1 %s', (path, tile) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual({ ok: true, value: tile })
  })

  it.each([
    '',
    '/tile/0/000',
    'tile/0/000/',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/data/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/x001/x002',
    'tile/0/000.p/0',
    'tile/0/000.p/05',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x001/x000/x000/x000/x000/x000/000',
    'tile/0/000\n',
    'tile/8/0/000',
  ])('TILE-1 refuses %j', (path) => {
    expect(parseTilePath(path)).toMatchObject({ ok: false, reason: 'tile-malformed' })
  })
})

describe('which tiles there are', () => {
  it('TILE-2 is as the specification counts a tree of 70,000', () => {
    const tiles = changedTiles(0, 70_000)
    const of = (level: number | 'entries') => tiles.filter((tile) => tile.level === level)
    expect(of(0)).toHaveLength(274)
    expect(of(0).at(-1)).toEqual({ level: 0, index: 273, width: 112 })
    expect(of(1)).toEqual([
      { level: 1, index: 0, width: 256 },
      { level: 1, index: 1, width: 17 },
    ])
    expect(of(2)).toEqual([{ level: 2, index: 0, width: 1 }])
    expect(of('entries')).toHaveLength(274)
    expect(tiles).toHaveLength(274 + 2 + 1 + 274)
    expect(changedTiles(0, 256).map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1', 'tile/entries/000'])
  })

  it('TILE-2 a width that is none', () => {
    expect(tileWidth(0, 1, 256)).toBe(0)
    expect(tileWidth(7, 0, 2 ** 53 - 1)).toBe(0)
    expect(tileWidth(6, 0, 2 ** 53 - 1)).toBe(31)
  })

  it('TILE-3 growing changes the partial ones and those behind them', () => {
    expect(changedTiles(5, 5)).toEqual([])
    expect(changedTiles(250, 257).map(tilePath)).toEqual([
      'tile/0/000',
      'tile/0/001.p/1',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/1',
    ])
  })
})

describe('a growing tree', () => {
  it.each([[[SIZE]], [[1, 254, 1, 1, 300, 243]], [[256, 256, 288]], [[0, 511, 289]]])(
    'TILE-4 in steps of %j writes the same tiles and comes to the same root',
    (steps) => {
      const { edge, tiles } = grown(...steps)
      expect(frontierRoot(edgeFrontier(edge))).toEqual(bruteRoot(entries))
      expect(edgeFrontier(edge)).toEqual(frontierOf(SIZE, bruteReader(entries)))
      expect(edgeOf(SIZE, stored(tiles))).toEqual(edge)
      const ends = steps.map((_, i) => steps.slice(0, i + 1).reduce((sum, step) => sum + step, 0))
      const changed = ends.flatMap((end, i) => changedTiles(ends[i - 1] ?? 0, end))
      expect(tiles.map(({ tile }) => tile)).toEqual(changed.filter(({ level }) => level !== 'entries'))
    },
  )

  it('TILE-4 leaves what it was given as it was', () => {
    const { edge } = grown(300)
    for (const row of edge.levels) Object.freeze(row)
    Object.freeze(edge.levels)
    const before = structuredClone(edge)
    growTiles(edge, leaves.slice(300, 600))
    expect(edge).toEqual(before)
  })

  it('TILE-4 a partial tile has no place above', () => {
    expect(() => tileRoot(leaves.slice(0, 255))).toThrow(RangeError)
    expect(tileRoot(leaves.slice(0, 256))).toEqual(bruteRoot(entries.slice(0, 256)))
  })
})

describe('reading hashes out of tiles', () => {
  const read = tileHashes(stored(grown(SIZE).tiles))
  const brute = bruteReader(entries)

  it('TILE-5 gives every stored hash', () => {
    for (let level = 0; 2 ** level <= SIZE; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= SIZE; index += Math.max(1, 128 >> level)) {
        expect(read(level, index)).toEqual(brute(level, index))
      }
    }
  })

  it('TILE-5 makes the same proofs', () => {
    expect(inclusionProof(700, SIZE, read)).toEqual(inclusionProof(700, SIZE, brute))
    expect(consistencyProof(257, SIZE, read)).toEqual(consistencyProof(257, SIZE, brute))
  })

  it('TILE-5 says which tiles it takes', () => {
    const at = (level: number, index: number): TreeNode => ({ level, index })
    expect(tilePath(tileOf(at(0, 700), SIZE))).toBe('tile/0/002')
    expect(tilePath(tileOf(at(5, 24), SIZE))).toBe('tile/0/003.p/32')
    expect(tilePath(tileOf(at(8, 0), SIZE))).toBe('tile/1/000.p/3')
    expect(tilesOf([at(0, 1), at(1, 0), at(8, 1), at(0, 513)], SIZE).map(tilePath)).toEqual([
      'tile/0/000',
      'tile/1/000.p/3',
      'tile/0/002',
    ])
  })

  it('TILE-5 throws at a caller whose tile is too narrow', () => {
    const narrow = tileHashes(() => leaves.slice(0, 5))
    expect(() => narrow(0, 5)).toThrow(RangeError)
    expect(() => narrow(2, 1)).toThrow(RangeError)
  })
})

describe('what is in them', () => {
  it('TILE-6 hashes, one after the other', () => {
    const bytes = encodeHashTile(leaves.slice(0, 5))
    expect(bytes).toHaveLength(160)
    expect(decodeHashTile(bytes, 5)).toEqual({ ok: true, value: leaves.slice(0, 5) })
    expect(decodeHashTile(bytes, 4)).toMatchObject({ ok: false, reason: 'tile-malformed' })
    expect(decodeHashTile(bytes.slice(1), 5)).toMatchObject({ ok: false, reason: 'tile-malformed' })
  })

  it('TILE-6 entries, each with its length before it', () => {
    const two = [Uint8Array.of(7), new Uint8Array(258)]
    const bytes = encodeBundle(two)
    expect([...bytes.subarray(0, 5)]).toEqual([0, 1, 7, 1, 2])
    expect(decodeBundle(bytes, 2)).toEqual({ ok: true, value: two })
    const malformed = [
      [bytes, 1],
      [bytes, 3],
      [bytes.slice(0, -1), 2],
      [Uint8Array.of(0), 1],
      [Uint8Array.of(0, 0), 1],
      [encodeBundle([new Uint8Array(5_817)]).fill(0xff, 0, 2), 1],
      [new Uint8Array(256 * 5_819 + 1), 256],
    ] as const
    for (const [bundle, width] of malformed) {
      expect(decodeBundle(bundle, width)).toMatchObject({ ok: false, reason: 'tile-malformed' })
    }
  })

  it('TILE-6 no entry that nobody could read', () => {
    expect(() => encodeBundle([new Uint8Array(0)])).toThrow(RangeError)
    expect(() => encodeBundle([new Uint8Array(5_818)])).toThrow(RangeError)
  })
})
