import { equalBytes } from '../../protocol/bytes.ts'
import { encodeHashTile, TILE_WIDTH } from '../../protocol/log/tile.ts'
import type { GrownTile } from '../../protocol/log/tile-edge.ts'
import type { Finding } from './finding.ts'
import type { LedgerSource } from './source.ts'

/** Hash tiles on their way at a time. */
const AT_ONCE = 16

/** Holds the hash tiles of a source against those that its entries make. */
export interface Inspector {
  /** Tiles that got wider. Full ones are as they stay. */
  look(tiles: readonly GrownTile[]): void
  /** The last partial tiles are those that the tree has now. Rejects when the source does not answer. */
  end(): Promise<readonly Finding[]>
}

/** A source without hash tiles has nothing to inspect. */
export function inspectTiles({ hashTile }: LedgerSource, signal: AbortSignal): Inspector {
  const findings: Finding[] = []
  const waiting: GrownTile[] = []
  const partial = new Map<number, GrownTile>()
  const roads = new Set<Promise<void>>()
  let failure: { readonly cause: unknown } | undefined

  async function inspect({ tile: { level, index, width }, hashes }: GrownTile): Promise<void> {
    if (hashTile === undefined || level === 'entries') return
    const tile = { level, index, width }
    const bytes = await hashTile(tile, signal)
    const where = `The hash tile ${index} of level ${level}`
    if (bytes === undefined) findings.push({ code: 'tile-missing', tile, detail: `${where} is not there.` })
    else if (!equalBytes(bytes, encodeHashTile(hashes)))
      findings.push({
        code: 'tile-wrong',
        tile,
        detail: `${where} says something else than the entries make.`,
      })
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await inspect(next)
  }

  function start(): void {
    if (roads.size >= AT_ONCE || waiting.length === 0) return
    const road: Promise<void> = work()
      .catch((cause: unknown) => {
        failure ??= { cause }
      })
      .finally(() => roads.delete(road))
    roads.add(road)
  }

  return {
    look(tiles) {
      if (hashTile === undefined) return
      for (const grown of tiles) {
        const { level, width } = grown.tile
        if (width === TILE_WIDTH) waiting.push(grown)
        if (level !== 'entries') partial.set(level, grown)
        start()
      }
    },
    async end() {
      waiting.push(...[...partial.values()].filter(({ tile }) => tile.width < TILE_WIDTH))
      start()
      while (roads.size > 0) await Promise.all(roads)
      if (failure !== undefined) throw failure.cause
      return findings
    },
  }
}
